"""Figures: the numbers in them for methods whose answers are known, their bytes, and the command."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from matplotlib.transforms import Bbox
from record_samples import make_record
from scipy.spatial.transform import Rotation

from threedie.baselines.method import Parts
from threedie.benchmark.commands.bench import bench
from threedie.benchmark.commands.leaderboard import leaderboard
from threedie.benchmark.data.images import Images
from threedie.benchmark.figures.classes import class_rows, draw_classes, reciprocal_ranks_of_views
from threedie.benchmark.figures.comparison import OBJECT, POSE, task_with_role
from threedie.benchmark.figures.curves import draw_curves
from threedie.benchmark.figures.kinds import KINDS, SPELLINGS
from threedie.benchmark.figures.labels import place_labels
from threedie.benchmark.figures.laws import (
    draw_triples,
    is_linear,
    laws_of_matrices,
    laws_on_embeddings,
)
from threedie.benchmark.figures.maps import draw_maps, principal
from threedie.benchmark.figures.neighbors import draw_neighbors
from threedie.benchmark.figures.predictor import draw_predictor
from threedie.benchmark.figures.rotation_error import draw_rotation_errors
from threedie.benchmark.figures.selection import first_seeds
from threedie.benchmark.figures.steering import draw_steering, turning_action
from threedie.benchmark.figures.study import Study, unit
from threedie.benchmark.figures.style import new_figure, save, shorten, styled
from threedie.benchmark.figures.tradeoff import draw_tradeoffs
from threedie.benchmark.leaderboard.pictures import read_pictures
from threedie.benchmark.records.record import write_record
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.benchmark.tasks import TASKS
from threedie.benchmark.tasks.subject import Data
from threedie.manifests.actions import ACTIONS, ROTATION, TRANSLATION
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import UNITS, LatentField, columns, quaternions

FEW_STEPS = replace(PROTOCOLS["quick"], steps=5)
RECORD = {**make_record(), "protocol": {"name": "quick", "version": PROTOCOLS["quick"].version}}


class Turner:
    """A predictor that does what rotations do: the embedding is the view's quaternion, moved by multiplication."""

    has_predictor, action = True, "rotation"
    predicts_from_representation = False
    parts = Parts()

    def predict(self, embedding, action):
        x1, y1, z1, w1 = embedding.double().unbind(1)
        x2, y2, z2, w2 = action.double().unbind(1)
        return torch.stack(
            [
                w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
                w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
                w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
                w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            ],
            1,
        )


class Still(Turner):
    """A predictor that leaves the action aside."""

    def predict(self, embedding, action):
        return embedding


class Bent(Turner):
    """A predictor that isn't linear."""

    def predict(self, embedding, action):
        return super().predict(embedding, action) + 1


@pytest.fixture(scope="module")
def study(dataset):
    def make(method):
        val, train = dataset.indices("val"), dataset.indices("train")
        rotations = quaternions(dataset.latents[..., columns(dataset.info.fields, ROTATION)])
        labels = np.eye(4)[dataset.labels][:, None].repeat(dataset.info.views, 1)
        representation = np.concatenate([10 * labels, rotations], -1).astype(np.float32)
        embedding = rotations.astype(np.float32)
        data = Data(dataset.info.fields, dataset.latents, dataset.labels, representation, embedding)
        return Study(
            RECORD, method, Images(dataset, 32, memory=0), val, dataset.labels[val], dataset.latents[val],
            representation[val], embedding[val], data, train, val,
        )  # fmt: skip

    return make


def test_a_predictor_that_turns_keeps_every_law(study):
    exact = study(Turner())
    triples = draw_triples(exact)
    assert all(value < 1e-10 for value in laws_on_embeddings(exact, triples).values())
    distances = laws_of_matrices(exact, triples)
    assert max(distances[law] for law in ("identity", "inverse", "composition")) < 1e-5
    # Rotations don't commute: the order in which the matrices are multiplied matters.
    assert distances["wrong_order"] > 0.2
    assert distances["spread"] > 0.2


def test_a_predictor_that_stays_where_it_is_is_as_far_from_the_truth_as_any_view(study):
    still = study(Still())
    triples = draw_triples(still)
    distances = laws_on_embeddings(still, triples)
    assert distances == {"identity": 0, "inverse": 0, "composition": 0, "truth": pytest.approx(1)}
    assert laws_of_matrices(still, triples)["spread"] == 0


def test_only_a_linear_predictor_has_matrices(study):
    bent, exact = study(Bent()), study(Turner())
    assert is_linear(exact, draw_triples(exact))
    assert not is_linear(bent, draw_triples(bent))
    with styled():
        assert draw_predictor(bent).numbers["matrices"] is None
        assert draw_predictor(exact).numbers["matrices"] is not None


def test_triples_are_of_three_views_and_the_same_again(study):
    triples = draw_triples(study(Turner()))
    assert all(len(set(row)) == 3 for row in triples.views.tolist())
    assert triples.views.max() == 5
    assert np.array_equal(triples.views, draw_triples(study(Still())).views)
    product = Rotation.from_quat(triples.forward) * Rotation.from_quat(triples.onward)
    assert np.allclose((product.inv() * Rotation.from_quat(triples.direct)).magnitude(), 0, atol=1e-6)


def test_the_strips_of_a_predictor_that_turns_find_the_right_views(study):
    with styled():
        neighbors, steps = draw_neighbors(study(Turner())), draw_steering(study(Turner()))
        astray = draw_neighbors(study(Still()))
    assert [query["rank"] for query in neighbors.numbers["queries"]] == [1] * 4
    assert all(query["retrieved"][0] == query["target"] for query in neighbors.numbers["queries"])
    # It is the view of the nearest rotation that lies nearest, but for q and -q, which cosine tells apart.
    right = [step["off_deg"] == pytest.approx(step["least_deg"]) for step in steps.numbers["steps"]]
    assert np.mean(right) > 0.8
    assert all(step["off_deg"] < 0.1 for step in steps.numbers["steps"] if step["angle_deg"] == 0)
    assert all(query["rank"] > 1 for query in astray.numbers["queries"])


def test_the_class_table_of_a_representation_that_tells_classes(study):
    exact = study(Turner())
    assert np.allclose(reciprocal_ranks_of_views(exact), 1)
    rows = class_rows(exact, replace(PROTOCOLS["quick"], steps=300))
    assert np.mean([row["top1_all"] for row in rows]) > 0.9
    assert [row["mrr"] for row in rows] == pytest.approx([1.0] * len(rows))
    assert sum(row["objects"] for row in rows) == len(exact.val)


def test_the_class_table_adds_up_to_the_tables(runs, dataset, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", FEW_STEPS)
        done = draw(next(runs.glob("sie*")), "--data", dataset.path, "-o", tmp_path, "--only", "classes")
    assert done.exit_code == 0, done.output
    (figure,) = json.loads((tmp_path / "figures.json").read_text())["figures"]
    record = json.loads(next(runs.glob("sie*/record.json")).read_text())
    rows = figure["numbers"]["rows"]
    weights = [row["objects"] for row in rows]
    for task, metric, key in (("classification", "top1", "top1"), ("rotation", "geodesic_mean_deg", "rotation_deg")):
        for part in ("all", "invariant", "equivariant"):
            (expected,) = [
                row["value"] for row in record["results"]
                if (row["task"], row["metric"], row["part"], row["input"]) == (task, metric, part, "representation")
            ]  # fmt: skip
            mean = np.average([row[f"{key}_{part}"] for row in rows], weights=weights)
            assert mean == pytest.approx(expected, rel=0.02), (task, part)


def test_an_unknown_protocol_has_no_class_table(study):
    exact = study(Turner())
    assert draw_classes(replace(exact, record=make_record(protocol="of my own"))) is None


def test_principal_components_are_those_of_the_spread():
    rows = np.random.default_rng(0).normal(size=(500, 4)) * [0.1, 5, 1, 0.1]
    points, shares = principal(rows)
    assert abs(np.corrcoef(points[:, 0], rows[:, 1])[0, 1]) > 0.999
    assert abs(np.corrcoef(points[:, 1], rows[:, 2])[0, 1]) > 0.99
    assert shares[0] == pytest.approx(25 / 26, abs=0.02)
    assert shares.sum() <= 1
    assert np.isfinite(principal(np.ones((5, 3)))[0]).all()


def test_figures_without_predictor_are_left_out(study):
    method = SimpleNamespace(has_predictor=False, predicts_from_representation=False, action=None, parts=Parts())
    plain = study(method)
    assert draw_neighbors(plain) is draw_steering(plain) is draw_predictor(plain) is None
    assert "mrr" not in class_rows(plain, FEW_STEPS)[0]
    with styled():
        assert set(draw_maps(plain).numbers["variance"]) == {"all"}


@pytest.mark.parametrize(
    ("action", "rotates"),
    [("rotation", True), ("rotation_color", True), ("latents", True), ("color", False), (None, False)],
)
def test_only_an_action_with_a_rotation_is_steered(study, action, rotates):
    class Mover(Turner):
        def predict(self, embedding, action):
            return super().predict(embedding, action[:, :4])

    Mover.action = action
    mover = study(Mover())
    assert mover.action_has_rotation is rotates
    with styled():
        assert (draw_steering(mover) is not None) is rotates


ROTATING = [name for name, action in ACTIONS.items() if action.rotates]


@pytest.mark.parametrize("name", ROTATING)
def test_steering_turns_the_object_and_keeps_its_other_latents(name):
    """The translation t stays: with M = R T(t) that is a motion by turn(t) - t, with every other action by zeros."""
    fields = [LatentField(field, ((-4.0, 4.0),)) for field in UNITS]
    latents = np.random.default_rng(0).uniform(-1, 1, len(fields))
    shift = latents[columns(fields, TRANSLATION)]
    for axis in "xyz":
        for degrees in (-90, 30, 180):
            turn = Rotation.from_euler(axis, degrees, degrees=True)
            action = turning_action(name, fields, latents, turn)
            np.testing.assert_array_equal(action[:4], turn.as_quat())
            rest = np.zeros(ACTIONS[name].size - 4) if name != "motion_base" else turn.apply(shift) - shift
            np.testing.assert_allclose(action[4:], rest, atol=1e-12)


def test_one_task_has_each_role_and_names_its_axis():
    for role in (OBJECT, POSE):
        (task,) = [task for task in TASKS.values() if task.figure_role == role]
        assert task_with_role(role) is task
        assert task.axis_label
    assert task_with_role("weather") is None


def test_every_kind_of_figure_has_a_function():
    for name, kind in KINDS.items():
        assert callable(kind.load()), name
    assert set(SPELLINGS.values()) <= set(KINDS)


def test_unit_of_nothing_is_nothing():
    assert unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [[0.6, 0.8], [0.0, 0.0]]


def test_groups_never_share_a_figure_of_all_methods():
    records = [make_record("a", data="one"), make_record("b", data="one"), make_record("c", data="two")]
    with styled():
        drawings = draw_tradeoffs(records)
    methods = [{point["method"] for point in drawing.numbers["points"]} for drawing in drawings]
    assert sorted(map(sorted, methods)) == [["a", "b"], ["c"]]
    assert len({drawing.group for drawing in drawings}) == 2


def broken_down(record, values):
    row = {
        "task": "rotation", "version": 1, "metric": "geodesic_mean_deg", "part": "equivariant",
        "input": "representation", "higher_is_better": False, "by": "rotation_deg",
        "groups": ["0 to 90", "90 to 180"], "values": values, "floors": [100.0, 100.0], "counts": [5, 5],
    }  # fmt: skip
    return {**record, "breakdowns": [row]}


def test_errors_by_rotation_are_means_over_seeds_and_skip_what_has_none():
    seeds = [broken_down(make_record("sie", seed), [10.0 + 10 * seed, None if seed else 40.0]) for seed in range(2)]
    with styled():
        (drawing,) = draw_rotation_errors([*seeds, make_record("old")])
        assert draw_rotation_errors([make_record("old")]) == []
    (line,) = drawing.numbers["lines"]
    assert (line["method"], line["degrees"]) == ("sie", [15.0, 40.0])


def test_curves_of_probes_share_a_panel():
    record = make_record()
    record["curves"] |= {f"probe_top1_{part}": [0.1, 0.2, 0.3] for part in ("all", "invariant")}
    with styled():
        titles = [axes.get_title() for axes in draw_curves(record).figure.axes]
        assert titles == ["loss", "variance", "probe top1"]
        assert draw_curves(make_record(curves={"epoch": []})) is None


def test_a_name_with_signs_of_mathematics_or_lines_is_drawn_as_it_is(tmp_path):
    record = make_record("x")
    record["method"]["name"] = "$\\frac{\n<b>&" + "y" * 90
    with styled():
        (drawing,) = draw_tradeoffs([record])
        save(drawing, tmp_path, "a")
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")
    assert "\n" not in shorten("a\nb")
    assert len(shorten("y" * 90)) == 28


def test_the_same_numbers_give_the_same_bytes(tmp_path, study):
    for name in ("one", "two"):
        with styled():
            save(draw_tradeoffs([make_record("a"), make_record("b", top1=0.7)])[0], tmp_path, name)
            save(draw_neighbors(study(Turner())), tmp_path, f"{name}-strip")
    for ending in (".png", ".svg", "-strip.png", "-strip.svg"):
        assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def test_labels_cover_neither_points_nor_each_other():
    points = [tuple(point) for point in np.random.default_rng(1).uniform(0.1, 0.9, (14, 2))]
    with styled():
        axes = new_figure(7, 5).add_subplot()
        axes.scatter(*zip(*points, strict=True), s=40)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        place_labels(axes, points, [f"method {index}" for index in range(14)], ["black"] * 14)
        boxes = [text.get_window_extent() for text in axes.texts]
        spots = [Bbox.from_bounds(x - 2, y - 2, 4, 4) for x, y in axes.transData.transform(points)]
    assert len(boxes) == 14
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])
    assert not any(box.overlaps(spot) for box in boxes for spot in spots)


def test_a_label_is_nearest_to_its_own_point_or_a_line_leads_to_it():
    points = [(0.30, 0.30), (0.33, 0.31), (0.31, 0.36), (0.35, 0.36), (0.34, 0.27)]
    with styled():
        axes = new_figure(7, 5).add_subplot()
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        place_labels(axes, points, ["barlow_twins", "essl", "simclr", "vicreg", "sie"], ["black"] * 5)
        spots = axes.transData.transform(points)
        boxes = [(text.xy, text.get_window_extent()) for text in axes.texts if text.arrow_patch is None]
    assert len(axes.texts) == 5
    assert 0 < len(boxes) < 5
    for xy, box in boxes:
        away = [np.hypot(max(box.x0 - x, 0, x - box.x1), max(box.y0 - y, 0, y - box.y1)) for x, y in spots]
        assert int(np.argmin(away)) == points.index(xy)


SMALL = ["--recipe", "smoke", "--set", "epochs=1", "--set", "warmup_epochs=0", "--set", "passes=1", "--set",
         "image_size=32"]  # fmt: skip


@pytest.fixture(scope="module")
def runs(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        # How well heads do matters to no figure.
        patch.setitem(PROTOCOLS, "quick", FEW_STEPS)
        for method in ("sie", "vicreg"):
            words = ["run", method, *SMALL, "--data", str(dataset.path), "--out", str(folder)]
            done = CliRunner().invoke(bench, words)
            assert done.exit_code == 0, done.output
    return folder


def draw(*words):
    return CliRunner().invoke(bench, ["figures", *map(str, words)])


def test_the_command_draws_what_a_run_has_and_the_page_shows_it(runs, dataset, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", FEW_STEPS)
        done = draw(runs, "--data", dataset.path, "-o", tmp_path / "figures")
    assert done.exit_code == 0, done.output
    index = json.loads((tmp_path / "figures" / "figures.json").read_text())
    kinds = [row["kind"] for row in index["figures"]]
    assert kinds == [
        "tradeoff", "rotation_error", "neighbours", "steering", "maps", "maps", "predictor", "classes", "classes",
        "curves", "curves",
    ]  # fmt: skip
    budgets, line = [line for line in done.output.splitlines() if line.startswith("without")]
    assert budgets.startswith("without budgets: no method")
    assert "vicreg" in line
    assert line.endswith("neighbours, steering, predictor (no predictor)")
    pictures, _, left = read_pictures([tmp_path / "figures"])
    # The page draws curves by itself.
    shown = len(kinds) - 2
    assert (len(pictures), left) == (shown, 0)
    made = CliRunner().invoke(leaderboard, [str(runs), "-o", str(tmp_path), "--figures", str(tmp_path / "figures")])
    assert f"figures {shown} on the page" in made.output
    assert (tmp_path / "index.html").read_text().count('<figure class="drawn">') == shown


def test_records_alone_give_figures_of_records(runs, tmp_path):
    for number, file in enumerate(sorted(runs.glob("*/record.json"))):
        write_record(tmp_path / "records" / str(number) / "record.json", json.loads(file.read_text()))
    done = draw(tmp_path / "records", "-o", tmp_path / "figures")
    assert done.exit_code == 0, done.output
    assert done.output.count("no checkpoint beside its record") == 2
    kinds = {row["kind"] for row in json.loads((tmp_path / "figures" / "figures.json").read_text())["figures"]}
    assert kinds == {"tradeoff", "rotation_error", "curves"}


def test_a_kind_may_be_named_in_either_spelling(runs, dataset, tmp_path):
    for name in ("neighbors", "neighbours"):
        done = draw(next(runs.glob("sie*")), "--data", dataset.path, "-o", tmp_path / name, "--only", name)
        assert done.exit_code == 0, done.output
        (figure,) = json.loads((tmp_path / name / "figures.json").read_text())["figures"]
        assert figure["kind"] == "neighbours"


def test_a_run_measured_twice_is_drawn_by_the_newest_rules(runs, dataset):
    record = json.loads(next(runs.glob("sie*/record.json")).read_text())
    older = {**record, "protocol": {"name": "quick", "version": 1}}
    elsewhere = {**record, "dataset": {**record["dataset"], "fingerprint": "f" * 64}, "trained_on": record["dataset"]}
    for order in ([older, record, elsewhere], [elsewhere, record, older]):
        assert first_seeds(order, dataset, print) == [record]


def test_mistakes_are_named(runs, tmp_path, make_dataset, monkeypatch):
    other = make_dataset(tmp_path / "other.h5", objects=12, views=3, size=32)
    done = draw(runs, "--data", other, "-o", tmp_path / "figures")
    assert isinstance(done.exception, ThreeDieError)
    assert "was measured on" in str(done.exception)
    monkeypatch.chdir(tmp_path)
    done = draw(runs)
    assert "name it with --data" in str(done.exception)
    done = draw(tmp_path / "none")
    assert isinstance(done.exception, ThreeDieError)
    assert not (tmp_path / "figures" / "figures.json").exists()
