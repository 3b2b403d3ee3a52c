"""Which rows figures show, what is written in the pictures, and figures of methods from a user's own file."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure
from record_samples import make_record
from test_figures import FEW_STEPS, SMALL, Turner, broken_down, study  # noqa: F401

from threedie.benchmark.commands.bench import bench
from threedie.benchmark.figures.comparison import MOST_ROWS
from threedie.benchmark.figures.neighbors import draw_neighbors
from threedie.benchmark.figures.rotation_error import draw_rotation_errors
from threedie.benchmark.figures.steering import draw_steering
from threedie.benchmark.figures.style import save, styled
from threedie.benchmark.figures.tradeoff import draw_tradeoffs
from threedie.benchmark.records.record import read_record
from threedie.benchmark.settings.protocol import PROTOCOLS
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError


def rows_of(methods: Sequence[str], each: int) -> list[dict[str, Any]]:
    """Rows of each method, of rising accuracy and rising error."""
    records = []
    for method in methods:
        for number in range(each):
            record = make_record(method, number, top1=0.1 * (number + 1), rotation=0.4 + 0.1 * number)
            record["config"] = {**record["config"], "epochs": number + 1}
            records.append(broken_down(record, [10.0 + number, 20.0 + number]))
    return records


def texts_of(figure: Figure) -> str:
    """All text in a picture."""
    words = [text.get_text() for axes in figure.axes for text in (*axes.texts, axes.title, axes._left_title)]
    words += [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return "\n".join(words)


def test_of_many_rows_the_best_of_each_method_is_drawn_and_the_picture_says_so() -> None:
    records = rows_of("abcde", 3)
    with styled():
        (tradeoff,), (error,) = draw_tradeoffs(records), draw_rotation_errors(records)
        (every,), (all_errors,) = draw_tradeoffs(records, all_rows=True), draw_rotation_errors(records, all_rows=True)
    shown = {(point["method"], point["variant"]) for point in tradeoff.numbers["points"]}
    assert shown == {(method, "mini, epochs 3") for method in "abcde"}
    assert {(line["method"], line["variant"]) for line in error.numbers["lines"]} == {
        (method, "mini, epochs 1") for method in "abcde"
    }
    for drawing, criterion in ((tradeoff, "classification"), (error, "mean error")):
        note = f"Of each method the row with the best {criterion}"
        assert note in texts_of(drawing.figure)
        assert note in drawing.caption
        assert "10 more with --all-rows" in texts_of(drawing.figure)
    assert len({(point["method"], point["variant"]) for point in every.numbers["points"]}) == 15
    assert len(all_errors.numbers["lines"]) == 15
    assert "--all-rows" not in texts_of(every.figure) + texts_of(all_errors.figure)


@pytest.mark.parametrize(("methods", "each"), [("abcd", 3), ("abcdefghijklmno", 1)])
def test_few_rows_or_one_of_each_method_are_all_drawn(methods: str, each: int) -> None:
    records = rows_of(methods, each)
    assert (len(records) <= MOST_ROWS) == (each == 3)
    with styled():
        (tradeoff,) = draw_tradeoffs(records)
        (error,) = draw_rotation_errors(records)
    assert len({(point["method"], point["variant"]) for point in tradeoff.numbers["points"]}) == len(records)
    assert len(error.numbers["lines"]) == len(records)
    assert "Of each method" not in texts_of(tradeoff.figure) + texts_of(error.figure)


def test_errors_have_their_floor_beside_them() -> None:
    with styled():
        (drawing,) = draw_rotation_errors([broken_down(make_record("sie"), [90.0, 70.0])])
    above, below = drawing.figure.axes
    assert list(above.lines[0].get_ydata()) == [90, 70]
    assert list(below.lines[0].get_ydata()) == [-10, -30]
    assert {text.get_text() for text in below.texts} == {"sie (equivariant part)", "floor: best constant"}


def test_pictures_of_views_say_what_frames_and_texts_mean(study: Any) -> None:  # noqa: F811
    with styled():
        neighbors, steering = draw_neighbors(study(Turner())), draw_steering(study(Turner()))
    assert neighbors is not None
    assert steering is not None
    for drawing, words in (
        (neighbors, ("the view wanted", "rotated by:", "ranked:", "off:")),
        (steering, ("the view it starts from", "at most 20° worse", "worse", "in brackets")),
    ):
        text = texts_of(drawing.figure)
        assert all(word in text for word in words)
        (legend,) = drawing.figure.legends
        frames = {patch.get_edgecolor() for patch in legend.get_patches()}
        # Every frame in the picture is among those explained.
        drawn = {
            spine.get_edgecolor()
            for axes in drawing.figure.axes
            for spine in axes.spines.values()
            if spine.get_visible()
        }
        assert drawn
        assert drawn <= frames


def test_a_figure_is_written_as_pdf_too_with_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with styled():
            row = save(draw_tradeoffs([make_record("a"), make_record("b", top1=0.7)])[0], tmp_path, name)
        assert row["pdf"] == f"{name}.pdf"
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


OWN = """
from threedie.baselines.sie import SIE

class Mine(SIE):
    "One of one's own, with a predictor."
"""


def test_methods_of_ones_own_have_names_and_figures(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    own, runs = f"{tmp_path / 'mine.py'}:Mine", tmp_path / "runs"
    words = ["run", "--method", own, *SMALL, "--data", dataset.path, "--out", runs, "--device", "cpu"]

    def call(*arguments: object) -> Any:
        return CliRunner().invoke(bench, list(map(str, arguments)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROTOCOLS, "quick", replace(FEW_STEPS, hidden=16))
        assert "--name: " in str(call(*words, "--name", "").exception)
        assert call(*words, "--name", "My SIE").exception is None
        (file,) = runs.glob("*/record.json")
        before = read_record(file)
        assert (before["display_name"], before["schema"]) == ("My SIE", 3)
        # A finished run is renamed without being measured again, and keeps its name without the option.
        assert "nothing to do" in call(*words, "--name", "Ours").stdout
        renamed = read_record(file)
        assert renamed == {**before, "display_name": "Ours"}
        assert call(*words).exception is None
        assert read_record(file) == renamed
        checkpoint = file.with_name("checkpoint.pt")
        evaluate = ["eval", "--checkpoint", checkpoint, "--method", own, "--data", dataset.path, "--tasks", "knn"]
        assert call(*evaluate).exception is None
        assert read_record(file)["display_name"] == "Ours"
        assert call(*evaluate, "--name", "Again").exception is None
        assert read_record(file)["display_name"] == "Again"
        draw = ["figures", runs, "--data", dataset.path, "-o", tmp_path / "figures", "--only", "neighbors"]
        done = call(*draw, "--method", own)
        assert done.exception is None, done.output
    (figure,) = json.loads((tmp_path / "figures" / "figures.json").read_text())["figures"]
    assert figure["kind"] == "neighbours"
    (tmp_path / "other.py").write_text(OWN + "\n# edited\n")
    error = call(*draw, "--method", f"{tmp_path / 'other.py'}:Mine").exception
    assert isinstance(error, ThreeDieError)
    assert "none of these runs is of it" in str(error)
