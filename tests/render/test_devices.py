import pytest

from threedie.manifests.errors import ThreeDieError
from threedie.render import devices
from threedie.render.devices import MARK, Devices, choose_devices, parse_list


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"optix": ("A", "B"), "cuda": ("A", "B")}
    monkeypatch.setattr(devices, "may_have_gpu", lambda: True)
    monkeypatch.setattr(devices, "find_gpus", lambda: found)
    for variable, _ in devices.PIN.values():
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("two_gpus")
def test_auto_takes_the_best_kind_and_each_process_sees_one() -> None:
    chosen = choose_devices("auto")
    assert chosen == Devices("optix", ("A", "B"))
    assert [chosen.environment(slot) for slot in (0, 1)] == [
        {"CUDA_VISIBLE_DEVICES": "0"},
        {"CUDA_VISIBLE_DEVICES": "1"},
    ]


@pytest.mark.usefixtures("two_gpus")
def test_gpus_that_slurm_gave_us_are_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5a")
    assert choose_devices("cuda").environment(1) == {"CUDA_VISIBLE_DEVICES": "GPU-5a"}


@pytest.mark.usefixtures("two_gpus")
def test_a_kind_that_is_not_there_names_what_is() -> None:
    with pytest.raises(ThreeDieError, match=r"--device hip: no such device on this machine; available: optix \(A, B\)"):
        choose_devices("hip")


@pytest.mark.usefixtures("two_gpus")
def test_the_processor_when_asked_for() -> None:
    assert choose_devices("cpu") == Devices()
    assert Devices().environment(0) == {}


def test_auto_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "may_have_gpu", lambda: True)
    monkeypatch.setattr(devices, "find_gpus", dict)
    assert choose_devices("auto") == Devices()
    with pytest.raises(ThreeDieError, match="finds no GPU at all"):
        choose_devices("cuda")


def test_oneapi_is_pinned_by_selector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEAPI_DEVICE_SELECTOR", raising=False)
    assert Devices("oneapi", ("C",), 2).environment(0) == {"ONEAPI_DEVICE_SELECTOR": "level_zero:2"}


def test_what_blender_prints_besides_is_ignored() -> None:
    assert parse_list(["Blender quit", MARK + '{"cuda": ["A"], "cpu": ["x"]}', "bye"]) == {"cuda": ("A",)}
    assert parse_list(["Segmentation fault"]) == {}


@pytest.mark.blender
def test_blender_answers_here() -> None:
    assert all(kind in devices.GPU_KINDS for kind in devices.find_gpus())
