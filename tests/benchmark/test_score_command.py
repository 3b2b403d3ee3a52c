import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from painted import FIELDS, draw_latents

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.evaluation.own_features import evaluate_features
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import actions, quaternions

DATA = Path(__file__).parent.parent / "data" / "retrieval"
OBJECTS, VIEWS = 12, 4


@pytest.fixture(autouse=True)
def small_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROTOCOLS, "quick", replace(PROTOCOLS["quick"], hidden=16, steps=20))


def arrays(seed: int = 0, **changes: Any) -> dict[str, np.ndarray]:
    """Embeddings that hold class and rotation, for 12 objects of 3 classes."""
    latents = draw_latents(OBJECTS, VIEWS, seed)
    labels = np.arange(OBJECTS) % 3
    classes = np.eye(3)[labels][:, None].repeat(VIEWS, 1)
    embeddings = np.concatenate([classes, quaternions(latents[..., :3])], -1).reshape(OBJECTS * VIEWS, -1)
    split = np.where(np.arange(OBJECTS) < 8, "train", "val")
    return {"latents": latents, "embeddings": embeddings, "labels": labels, "split": split, **changes}


def save(folder: Path, **data: Any) -> Path:
    path = folder / "arrays.npz"
    np.savez(path, **data)
    return path


def score(path: Path, *words: str) -> dict[str, Any]:
    result = CliRunner().invoke(bench, ["score", str(path), *words], catch_exceptions=False)
    return json.loads(result.stdout)


def values(output: dict[str, Any]) -> dict[tuple[str, str], float]:
    return {(row["task"], row["metric"]): row["value"] for row in output["results"]}


@pytest.mark.parametrize("case", ["0", "1"])
@pytest.mark.parametrize("kind", ["normalised", "unnormalised"])
def test_the_command_gives_the_original_s_numbers(case: str, kind: str):
    expected = json.loads((DATA / "expected.json").read_text())[case][kind]
    measured = values(score(DATA / f"case{case}.npz", *(["--no-normalise"] if kind == "unnormalised" else [])))
    for metric, name in (("mrr", "MRR"), ("h1", "H@1"), ("h2", "H@2"), ("h5", "H@5"), ("h10", "H@10")):
        assert abs(measured["retrieval", metric] - expected[name]) < 1e-6
    assert abs(measured["pose_retrieval", "pre_all_all"] - expected["PRE"]) < 1e-6


def test_predictions_score_as_the_predictor_that_made_them(tmp_path: Path):
    case = dict(np.load(DATA / "case0.npz"))
    latents, predictor = case["latents"], case.pop("predictor")
    moves = actions("rotation", FIELDS, latents[:, :1].repeat(50, 1), latents)
    predictions = np.einsum("nvk,kij,nj->nvi", moves, predictor, case["embeddings"].reshape(6, 50, 16)[:, 0])
    path = save(tmp_path, **case, predicted=predictions.reshape(300, 16).astype(np.float32))
    ours, theirs = (values(score(one)) for one in (path, DATA / "case0.npz"))
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_everything_that_arrays_allow_is_measured(tmp_path: Path):
    data = arrays()
    output = score(save(tmp_path, **data, predicted=data["embeddings"]), "--no-heads")
    measured = values(output)
    assert measured["retrieval", "mrr"] == measured["knn", "top1"] == 1
    for name in ("pre_train_train", "pre_val_val", "pre_val_all"):
        assert measured["pose_retrieval", name] == pytest.approx(0, abs=1e-9)
    assert output["measured_on"] == "val"
    assert output["measured_objects"] == 4
    assert output["left_out"]["rotation"] == "--no-heads"
    assert "translation_x" in output["left_out"]["translation_base"]


def test_python_gives_what_the_command_gives(tmp_path: Path):
    data = arrays()
    result = evaluate_features(**data, predicted=data["embeddings"], heads=False)
    assert result.to_json() == score(save(tmp_path, **data, predicted=data["embeddings"]), "--no-heads")
    assert result.scores["retrieval", "mrr"].value == 1
    assert (result.protocol.name, result.head_seeds, result.normalized) == ("quick", 0, True)
    lists = {name: value.tolist() for name, value in data.items() if name in ("labels", "split")}
    same = evaluate_features(data["latents"].tolist(), data["embeddings"].tolist(), **lists, heads=False)
    assert same.scores["knn", "top1"] == result.scores["knn", "top1"]
    with np.load(save(tmp_path, latents=data["latents"], embeddings=data["embeddings"])) as file:
        assert set(evaluate_features(**file).outcomes) == {"rank"}
    with pytest.raises(ThreeDieError, match=r"^labels: int64 of shape \(5,\)"):
        evaluate_features(data["latents"], data["embeddings"], labels=[0, 1, 2, 0, 1])
    with pytest.raises(ThreeDieError, match="did you mean 'quick'"):
        evaluate_features(data["latents"], data["embeddings"], protocol="quik")


def test_heads_are_trained_where_there_is_a_split(tmp_path: Path):
    out = tmp_path / "out.json"
    path = save(tmp_path, **arrays())
    result = CliRunner().invoke(bench, ["score", str(path), "--seeds", "2", "-o", str(out)], catch_exceptions=False)
    assert f"numbers in {out}" in result.output
    output = json.loads(out.read_text())
    untrained, trained = {"knn", "rank"}, {"classification", "rotation", "absolute_rotation", "color", "light"}
    assert {row["task"] for row in output["results"]} >= untrained | trained
    assert output["left_out"]["retrieval"] == "needs predictor or predicted"
    assert any(line.startswith("rotation_in_class: ") for line in output["warnings"])
    deviate = {row["task"] for row in output["results"] if row["deviation"] is not None}
    assert trained <= deviate
    assert not untrained & deviate
    assert all(row["interval"][0] <= row["interval"][1] for row in output["results"] if row["interval"])


def test_without_a_split_no_class_counts_as_held_out(tmp_path: Path):
    data = arrays()
    output = score(save(tmp_path, **{name: data[name] for name in ("latents", "embeddings", "labels")},
                       predicted=data["embeddings"]))  # fmt: skip
    assert {(row["task"], row["by"]) for row in output["breakdowns"]} == {("retrieval", "rotation_deg")}


def test_a_predictor_that_leaves_the_numbers_is_refused_and_ranks_nothing_first(tmp_path: Path):
    data = arrays()
    dims = data["embeddings"].shape[1]
    path = save(tmp_path, latents=data["latents"], embeddings=data["embeddings"],
                predictor=np.full((4, dims, dims), 1e300))  # fmt: skip
    with pytest.raises(ThreeDieError, match=r"arrays\.npz: the predictor gives numbers that aren't finite"):
        score(path)
    path = save(tmp_path, latents=data["latents"], embeddings=data["embeddings"] * 1e300)
    with pytest.raises(ThreeDieError, match="embeddings: some numbers are too large for single precision"):
        score(path)


def test_what_is_missing_is_named(tmp_path: Path):
    data = arrays()
    output = score(save(tmp_path, latents=data["latents"], embeddings=data["embeddings"]))
    assert {row["task"] for row in output["results"]} == {"rank"}
    assert output["heads"] is None
    assert output["left_out"]["classification"] == "needs split with two training objects or more and labels"


def test_one_view_and_one_object_have_defined_values(tmp_path: Path):
    data = arrays()
    few = {"latents": data["latents"][:, :1], "embeddings": data["embeddings"][::VIEWS]}
    output = score(save(tmp_path, **few, predicted=few["embeddings"]))
    assert {task for task, _ in values(output)} == {"pose_retrieval", "rank"}
    assert values(output)["pose_retrieval", "pre_all_all"] == pytest.approx(0, abs=1e-9)
    assert output["left_out"]["retrieval"] == "needs two views of each object"
    one = {"latents": data["latents"][:1], "embeddings": data["embeddings"][:VIEWS]}
    output = score(save(tmp_path, **one, predicted=one["embeddings"]))
    assert values(output)["retrieval", "mrr"] == 1
    assert all(row["interval"] is None for row in output["results"])
    assert output["warnings"] == ["one object is measured: numbers have no interval"]


ROWS = OBJECTS * VIEWS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embeddings": np.zeros((ROWS - 1, 7))}, "embeddings: shape .*; the latents are of 12 objects x 4 views"),
        ({"embeddings": np.zeros((OBJECTS, VIEWS, 7))}, r"embeddings: shape \(12, 4, 7\); give \(N\*V, D\)"),
        ({"embeddings": np.full((ROWS, 7), np.nan)}, "embeddings: some numbers aren't finite"),
        ({"embeddings": np.full((ROWS, 7), "a")}, "embeddings: <U1; give real numbers"),
        ({"embeddings": np.full((ROWS, 7), None)}, "embeddings: holds Python objects"),
        ({"embeddings": np.zeros((ROWS, 7), complex)}, "embeddings: complex128; give real numbers"),
        ({"latents": np.zeros((OBJECTS, VIEWS, 5))}, "latents: 5 numbers a view"),
        ({"latents": np.zeros((0, VIEWS, 7))}, "holds no view"),
        ({"predictor": np.zeros((4, 7, 6))}, r"predictor: shape \(4, 7, 6\); give \(A, 7, 7\)"),
        ({"predictor": np.zeros((5, 7, 7))}, r"A one of .*4 \(rotation\).*6 \(rotation_color\)"),
        ({"predicted": np.zeros((ROWS, 6))}, r"predicted: shape \(48, 6\)"),
        ({"predicted": np.zeros((ROWS, 7)), "predictor": np.zeros((4, 7, 7))}, "give one of the two"),
        ({"labels": np.zeros(OBJECTS)}, "labels: float64"),
        ({"labels": np.zeros(5, int)}, r"labels: int64 of shape \(5,\)"),
        ({"split": np.full(OBJECTS, "test")}, "split: .*give 'train' or 'val'"),
        ({"split": np.full(OBJECTS, "train")}, "no object is 'val'"),
        ({"lables": np.zeros(OBJECTS, int)}, "lables: no such array; did you mean 'labels'"),
    ],
)  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, changes: dict[str, np.ndarray], message: str):
    with pytest.raises(ThreeDieError, match=message) as caught:
        score(save(tmp_path, **arrays(**changes)))
    assert "arrays.npz" in str(caught.value)


def test_other_files_are_refused_and_no_pickle_is_opened(tmp_path: Path):
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    whole = save(tmp_path, **arrays()).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    np.savez(tmp_path / "less.npz", latents=arrays()["latents"])
    for name, message in (
        ("one.npy", "one array; save several"),
        ("text.npz", "not a file that numpy.savez writes"),
        ("cut.npz", "not a file that numpy.savez writes"),
        ("none.npz", "no such file"),
        ("less.npz", "embeddings: missing"),
    ):
        with pytest.raises(ThreeDieError, match=message):
            score(tmp_path / name)


def member(name: str, header: str, data: bytes = b"", version: bytes = b"\x01\x00") -> dict[str, bytes]:
    text = header.encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return {f"{name}.npy": b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + data}


def header(shape: str, kind: str = "'<f8'") -> str:
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            member("latents", header("(1000000000000, 4, 7)")),
            "latents: damaged, its header says float64",
        ),
        (
            member("latents", header("(1000000000000000000000, 4, 7)"), b"x" * 99),
            "latents: damaged, its header says",
        ),
        (member("latents", header("(-1, 4, 7)")), "latents: damaged, its header says"),
        (member("latents", header("(2, 4, 7)"), b"x" * 99), "latents: damaged, its header says"),
        (member("latents", header("(1,)", "'|O'"), b"x" * 8), "latents: holds Python objects"),
        (member("latents", header("(1,)", "'nonsense'")), "latents: "),
        (member("latents", "x" * 70), "latents: "),
        (member("latents", "[" * 900), "latents: "),
        (member("latents", "x" * 20000), "latents: "),
        (member("latents", header("(1,)"), version=b"\x09\x00"), r"latents: "),
        ({"latents.npy": b""}, "latents: "),
        ({"latents.npy": b"no array"}, "latents: "),
        ({"notes.txt": b"x"}, "notes.txt: "),
    ],
)
def test_members_that_are_no_arrays_are_named(members: dict[str, bytes], message: str, tmp_path: Path):
    path = tmp_path / "arrays.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(ThreeDieError, match=rf"arrays\.npz: {message}") as caught:
        score(path)
    assert "\n" not in str(caught.value)
    assert "allow_pickle" not in str(caught.value)


def test_what_archivers_add_and_the_order_of_numbers_make_no_difference(tmp_path: Path):
    data = arrays()
    plain = values(score(save(tmp_path, **data), "--no-heads"))
    flipped = {name: np.asfortranarray(value) for name, value in data.items()}
    flipped["embeddings"] = flipped["embeddings"].astype(">f8")
    path = save(tmp_path, **flipped)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._latents.npy", b"x")
        archive.writestr(".DS_Store", b"x")
    assert values(score(path, "--no-heads")) == plain
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("latents.npy", b"x")
    with pytest.raises(ThreeDieError, match=r"arrays\.npz: latents: is in it twice"):
        score(path)


def test_a_flipped_bit_of_an_array_is_seen(tmp_path: Path):
    path = save(tmp_path, **arrays())
    data = bytearray(path.read_bytes())
    data[data.find(arrays()["embeddings"].tobytes()) + 100] ^= 1
    path.write_bytes(data)
    with pytest.raises(ThreeDieError, match=r"arrays\.npz: embeddings: Bad CRC-32"):
        score(path)


def test_the_result_never_replaces_the_arrays(tmp_path: Path):
    path = save(tmp_path, **arrays())
    before = path.read_bytes()
    (tmp_path / "link.json").symlink_to(path)
    for out in (path, tmp_path / "link.json"):
        result = CliRunner().invoke(bench, ["score", str(path), "--no-heads", "-o", str(out)])
        assert isinstance(result.exception, ThreeDieError)
        assert "is the file of arrays itself, which would be lost; name another" in str(result.exception)
    assert path.read_bytes() == before
