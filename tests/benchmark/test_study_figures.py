"""Figures of budgets and of studies of datasets: the numbers in them, and the files they are made from."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.text import Text
from record_samples import make_record, result

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.figures.budgets import draw_budgets
from threedie.benchmark.figures.comparison import POSE_IN_CLASS, task_with_role
from threedie.benchmark.figures.factors import draw_factors
from threedie.benchmark.figures.labels import spread_out, stack_labels
from threedie.benchmark.figures.study_file import FACTORS, STUDY_FILE, find_studies, read_study
from threedie.benchmark.figures.style import new_figure, styled
from threedie.benchmark.records.budget import images_seen
from threedie.benchmark.records.record import read_record, write_record
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.manifests.errors import ThreeDieError

REPO = Path(__file__).parents[2]
FEW_STEPS = replace(PROTOCOLS["quick"], steps=5)
SMALL = ["--recipe", "smoke", "--set", "warmup_epochs=0", "--set", "passes=1", "--set", "image_size=32"]


def trained(method="sie", epochs=3, seed=0, **changes):
    """A record of so many epochs with 2 passes over 197 objects."""
    record = make_record(method, seed, data=changes.pop("data", "a"), **changes)
    record["config"] |= {"epochs": epochs, "passes": 2, "trained_on": record["dataset"]["fingerprint"]}
    record["checkpoint"] |= {"epochs": epochs, "sha256": f"{epochs:04x}{record['checkpoint']['sha256'][4:]}"}
    record["id"] = f"{record['id']}-{epochs}"
    return record


def pointed(drawing, **wanted):
    return [point for point in drawing.numbers["points"] if wanted.items() <= point.items()]


def test_images_are_counted_from_epochs_passes_and_objects():
    record = trained(epochs=3)
    assert images_seen(record) == 3 * 2 * 197 * 2
    assert images_seen({**record, "checkpoint": {**record["checkpoint"], "epochs": 0}}) == 0
    assert images_seen({**record, "config": {"name": "mini", "passes": "2"}}) is None
    assert images_seen({**record, "checkpoint": None}) is None
    assert images_seen({**record, "dataset": {**record["dataset"], "train_objects": None}}) is None


def test_images_of_a_run_that_was_measured_elsewhere_are_those_of_the_dataset_of_its_training():
    record = trained(epochs=3)
    elsewhere = {**record["dataset"], "fingerprint": "f" * 64, "train_objects": 5}
    assert images_seen({**record, "dataset": elsewhere}) is None
    assert images_seen({**record, "dataset": elsewhere, "trained_on": record["dataset"]}) == 3 * 2 * 197 * 2


def test_a_line_is_the_rows_that_differ_in_epochs_alone():
    other = trained("sie", 9, top1=0.1)
    other["config"]["learning_rate"] = 0.5
    records = [
        trained("sie", 9, top1=0.7),
        trained("sie", 3, top1=0.4),
        other,
        trained("vicreg", 3, parts=("all",), top1=0.6),
        trained("random", 0, parts=("all",), top1=0.2),
    ]
    with styled():
        (drawing,) = draw_budgets(records)
    images = {3: 3 * 2 * 197 * 2, 9: 9 * 2 * 197 * 2}
    sie = pointed(drawing, method="sie", task="classification", part="invariant")
    assert [(point["images"], point["value"]) for point in sie] == [(images[3], 0.4), (images[9], 0.7)]
    assert [point["images"] for point in pointed(drawing, method="vicreg", task="rotation")] == [images[3]]
    assert [point["images"] for point in pointed(drawing, method="random", task="rotation")] == [0]
    texts = [text.get_text() for text in drawing.figure.axes[0].texts]
    assert sorted(texts) == [
        "equivariant part",
        "floor",
        "invariant part",
        "random (passes 2)",
        "sie (passes 2)",
        "vicreg (passes 2)",
    ]


def test_a_band_is_the_deviation_over_seeds_or_the_interval_of_a_single_run():
    single = trained("vicreg", 9, parts=("all",), top1=0.8)
    single["results"][0]["interval"] = [0.75, 0.88]
    seeds = [trained("vicreg", 3, seed, parts=("all",), top1=0.5 + 0.1 * seed) for seed in range(3)]
    with styled():
        (drawing,) = draw_budgets([single, *seeds])
    low, high = pointed(drawing, task="classification")
    assert (low["value"], low["low"], low["high"]) == pytest.approx((0.6, 0.5, 0.7))
    assert (high["value"], high["low"], high["high"]) == (0.8, 0.75, 0.88)


def test_the_lines_of_parts_have_one_color_and_a_dash_each():
    with styled():
        (drawing,) = draw_budgets([trained("sie", 3), trained("sie", 9), trained("vicreg", 3), trained("vicreg", 9)])
    lines = [line for line in drawing.figure.axes[0].lines if len(line.get_xdata()) == 2 and line.get_marker() == "o"]
    looks = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(lines) == len(looks) == 6
    assert len({color for color, _ in looks}) == 2


def test_without_a_second_budget_there_is_no_figure_and_groups_have_their_own():
    one = [trained("sie", 3), trained("vicreg", 3)]
    assert draw_budgets(one) == []
    assert draw_budgets([trained("sie", 3), trained("sie", 9, data="b")]) == []
    with styled():
        drawings = draw_budgets([trained("sie", epochs, data=data) for epochs in (3, 9) for data in "ab"])
    assert len({drawing.group for drawing in drawings}) == 2


@pytest.mark.parametrize("wanted", [[0, 1, 2, 50], [100, 100, 100], [-5, 3, 200], [40], []])
def test_labels_in_a_stack_keep_their_distance_and_stay_inside(wanted):
    positions = spread_out(wanted, 10, 100)
    assert len(positions) == len(wanted)
    assert all(np.diff(positions) >= 10 - 1e-9)
    assert all((positions >= 0) & (positions <= 100))
    assert spread_out([5, 40, 90], 10, 100).tolist() == [5, 40, 90]
    # Too many for the gap: evenly over the whole.
    assert np.allclose(spread_out(np.zeros(21), 10, 100), np.arange(21) * 5)


def test_labels_in_a_stack_do_not_overlap_and_are_in_the_order_of_their_points():
    heights = [0.5, 0.49, 0.51, 0.9, 0.505]
    with styled():
        figure = new_figure(6, 3)
        axes = figure.add_subplot()
        axes.set_ylim(0, 1)
        stack_labels(axes, [(1, height) for height in heights], list("abcde"), ["black"] * 5, 1.02)
        figure.draw_without_rendering()
        # Without the lines to their points.
        boxes = {text.get_text(): Text.get_window_extent(text) for text in axes.texts}
    assert sorted(boxes, key=lambda name: boxes[name].y0) == ["b", "a", "e", "c", "d"]
    assert not any(one.overlaps(other) for name, one in boxes.items() for key, other in boxes.items() if key > name)


def shaped(name, *, views=50, classes=12, objects=246, epochs=30, seed=0, rotation=0.4, **settings):
    """A record of `supervised` on a dataset of a shape, with a score of every task of the figure."""
    record = trained("supervised", epochs, seed, data=name, parts=("all",), rotation=rotation)
    record["dataset"] |= {"views": views, "classes": classes, "objects": objects}
    record["dataset"] |= {"train_objects": round(0.8 * objects), "val_objects": objects - round(0.8 * objects)}
    record["config"] |= {"image_size": 64, "center": 1.0, **settings}
    record["results"].append(result("rotation_in_class", "r2_per_component", "all", rotation / 2))
    return record


@pytest.fixture
def folder(tmp_path):
    """Records of four datasets around a base; the last differs from it in two things."""
    shapes = {
        "base": shaped("base"),
        "views10": shaped("views10", views=10, rotation=0.2),
        "views20": shaped("views20", views=20, rotation=0.3, epochs=31),
        "twice": shaped("twice", views=20, classes=6),
        "middle": shaped("middle", center=0.5, image_size=32, rotation=0.6),
        "longer": shaped("longer", views=30, epochs=60),
    }
    for name, record in shapes.items():
        write_record(tmp_path / name / "record.json", record)
    write_record(tmp_path / "base" / "s1" / "record.json", shaped("base", seed=1, rotation=0.42))
    return tmp_path


def write_study(folder, *panels, base="base", head="format = 1"):
    text = f'{head}\nbase = "{base}"\n' + "".join(f"[[panel]]\n{panel}\n" for panel in panels)
    (folder / STUDY_FILE).write_text(text)
    return folder / STUDY_FILE


def test_a_panel_has_the_records_that_differ_from_the_base_in_its_factor_alone(folder):
    write_study(folder, 'factor = "views"', 'factor = "pixels"')
    with styled():
        (drawing,) = draw_factors([folder])
    views = pointed(drawing, factor="views", task="rotation")
    assert [(point["level"], point["value"]) for point in views] == [
        ([10], 0.2), ([20], 0.3), ([50], pytest.approx(0.41)),
    ]  # fmt: skip
    assert [point["views"] for point in views] == [1970, 3940, 9850]
    assert [point["runs"] for point in views] == [1, 1, 2]
    assert (views[2]["low"], views[2]["high"]) == pytest.approx((0.41 - 0.02 / 2**0.5, 0.41 + 0.02 / 2**0.5))
    pixels = pointed(drawing, factor="pixels", task="rotation_in_class")
    assert [point["level"] for point in pixels] == [[32, 64, 32], [64, 64, 64]]
    assert [point["value"] for point in pixels] == pytest.approx([0.3, 0.205])
    ticks = [label.get_text() for label in drawing.figure.axes[2].get_xticklabels()]
    assert ticks == ["10\n1.97k", "20\n3.94k", "50\n9.85k"]


def test_a_panel_may_name_its_records(folder):
    write_study(folder, 'factor = "classes"\nrecords = ["base", "twice"]')
    with styled():
        (drawing,) = draw_factors([folder])
    assert [point["level"] for point in pointed(drawing, task="classification")] == [[6], [12]]


def test_objects_of_a_class_and_images_are_factors(folder):
    record = read_record(folder / "longer" / "record.json")
    assert FACTORS["objects"].level(record) == (16,)
    assert FACTORS["images"].level(record) == (60 * 2 * 197 * 2,)
    assert {name: factor.text(factor.level(record)) for name, factor in FACTORS.items()} == {
        "classes": "12", "objects": "16", "views": "30", "pixels": "64 of 64", "images": "0.047",
    }  # fmt: skip
    assert FACTORS["pixels"].level(make_record()) is None


VIEWS = 'factor = "views"'


@pytest.mark.parametrize(
    ("panel", "options", "message"),
    [
        (VIEWS, {"base": "absent"}, "no folder 'absent' beside it"),
        ('factor = "weather"', {}, r"panel\[0\].factor is 'weather'; it must be one of classes, "),
        (f"{VIEWS}\ncolor = 1", {}, r"panel\[0\].color: no such field"),
        (VIEWS, {"head": ""}, "format: a required field"),
        (VIEWS, {"head": "format = 2"}, "format is 2"),
        (VIEWS, {"head": "format ="}, "not a TOML file"),
        ('factor = "classes"', {}, "one value of 'classes'"),
        (f'{VIEWS}\nrecords = ["base", "other"]', {}, "has another method or protocol than the base"),
        (f'{VIEWS}\nrecords = ["empty"]', {}, "'empty' has no measured record"),
    ],
)
def test_what_is_wrong_with_a_study_is_named(folder, panel, options, message):
    write_record(folder / "other" / "record.json", make_record("vicreg", parts=("all",)))
    (folder / "empty").mkdir()
    file = write_study(folder, panel, **options)
    with pytest.raises(ThreeDieError, match=message) as failure:
        read_study(file)
    assert str(failure.value).startswith(str(file))


def test_the_study_in_the_docs_is_read(tmp_path):
    page = (REPO / "docs" / "figures.md").read_text(encoding="utf-8")
    (content,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / STUDY_FILE).write_text(content)
    base = tomllib.loads(content)["base"]
    shapes = {base: {}, "size128-center064": {"center": 0.5}, "fewer": {"views": 10}}
    for name, shape in shapes.items():
        write_record(tmp_path / name / "record.json", shaped(name, **shape))
    views, pixels = read_study(tmp_path / STUDY_FILE).panels
    assert {record["dataset"]["views"] for record in views.records} == {50, 10}
    assert {record["config"]["center"] for record in pixels.records} == {1.0, 0.5}


def test_studies_are_found_at_any_depth_but_not_in_hidden_folders(tmp_path):
    for name in ("a/b", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / STUDY_FILE).touch()
    assert find_studies([tmp_path, tmp_path / "a"]) == [tmp_path / "a" / "b" / STUDY_FILE]


def call(command, *words):
    return CliRunner().invoke(command, list(map(str, words)))


@pytest.fixture(scope="module")
def runs(make_dataset, tmp_path_factory):
    """Runs of VICReg with two budgets on a dataset, and with one of them on its first views."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", FEW_STEPS)
        for views, epochs in ((6, 1), (6, 2), (4, 1)):
            data = folder / f"views{views}.h5"
            if not data.exists():
                make_dataset(data, objects=40, views=views, size=32)
            out = folder / f"v{views}-e{epochs}"
            words = ("run", "vicreg", *SMALL, "--set", f"epochs={epochs}", "--data", data, "--out", out)
            done = call(bench, *words)
            assert done.exit_code == 0, done.output
    return folder


def test_the_command_draws_budgets_of_real_runs_and_the_page_shows_them(runs, tmp_path):
    done = call(bench, "figures", runs, "--only", "budgets", "-o", tmp_path / "figures")
    assert done.exit_code == 0, done.output
    (figure,) = json.loads((tmp_path / "figures" / "figures.json").read_text())["figures"]
    files = sorted(runs.glob("v6-*/*/record.json"))
    objects = json.loads(files[0].read_text())["dataset"]["train_objects"]
    points = [point for point in figure["numbers"]["points"] if point["task"] == "rotation"]
    assert [point["images"] for point in points] == [objects * 2, objects * 4]
    done = call(leaderboard, *files, "-o", tmp_path, "--figures", tmp_path / "figures")
    assert "figures 1 on the page" in done.output
    assert (tmp_path / "index.html").read_text().count('<figure class="drawn">') == 1


def test_the_command_draws_a_study_of_real_runs(runs, tmp_path):
    write_study(runs, 'factor = "views"', 'factor = "images"', base="v6-e1")
    done = call(bench, "figures", runs, "--only", "factors", "-o", tmp_path)
    assert done.exit_code == 0, done.output
    (figure,) = json.loads((tmp_path / "figures.json").read_text())["figures"]
    levels = [
        (point["factor"], point["level"][0])
        for point in figure["numbers"]["points"]
        if point["task"] == task_with_role(POSE_IN_CLASS).name
    ]
    objects = json.loads(next(runs.glob("v6-*/*/record.json")).read_text())["dataset"]["train_objects"]
    assert levels == [("views", 4), ("views", 6), ("images", 2 * objects), ("images", 4 * objects)]
    assert (tmp_path / "factors.svg").read_text().startswith("<?xml")


def test_the_command_says_what_it_lacks(runs, tmp_path):
    file = next(runs.glob("v4-*/*/record.json"))
    done = call(bench, "figures", file, "--only", "factors", "-o", tmp_path)
    assert "without factors: no folder has a study.toml" in done.output
    assert isinstance(done.exception, ThreeDieError)
    done = call(bench, "figures", file, "--only", "budgets", "--only", "factors", "-o", tmp_path)
    assert "without budgets: no method was trained with several numbers of epochs" in done.output
