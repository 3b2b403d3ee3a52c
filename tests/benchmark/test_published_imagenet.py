"""Published accuracies on ImageNet, as the tables show them."""

from threedie.benchmark.leaderboard.export import render_csv
from threedie.benchmark.leaderboard.families import family
from threedie.benchmark.leaderboard.groups import measured, published
from threedie.benchmark.leaderboard.markdown import render_markdown
from threedie.benchmark.leaderboard.published import published_records

EPOCHS = (100, 200, 300, 800)
TOP1 = {
    "SimCLR": (67.6, 69.7, 70.4, 71.9),
    "E-SimCLR (crop .05 to .14)": (68.2, 70.2, 71.3, 72.5),
    "E-SimCLR (crop .08 to 1)": (68.2, 70.2, 71.1),
    "Barlow Twins": (66.7, 69.8, 70.9),
    "E-Barlow Twins (crop .05 to .14)": (67.5, 70.9, 71.8),
    "E-Barlow Twins (crop .08 to 1)": (67.3, 70.6, 71.8),
    "SimSiam": (67.9,),
    "E-SimSiam": (68.5,),
}
RECORDS = [record for record in published_records() if record["dataset"]["preset"] == "imagenet"]


def test_every_published_number_is_in_a_table_of_its_epochs():
    groups = published(RECORDS)
    assert measured(RECORDS) == []
    assert len(groups) == len(EPOCHS)
    found = {}
    for group in groups:
        (column,) = group.columns
        assert (column.metric.task, column.metric.name) == ("picture_linear", "top1")
        assert not group.best
        for entry in group.entries:
            found[group.record["protocol"]["name"], entry.method] = entry.cells[column].values
    expected = {
        (f"essl READMEs of the authors' repository, {epochs} epochs", method): (round(value / 100, 5),)
        for method, values in TOP1.items()
        for epochs, value in zip(EPOCHS, values, strict=False)
    }
    assert found == expected


def test_they_are_shown_as_published():
    text = render_markdown([], RECORDS)
    assert "100 epochs" in text
    assert "imagenet" in text
    assert "68.2" in text
    assert "E-SimSiam" in render_csv([], RECORDS)
    families = {record["method"]["name"]: family(record["method"]) for record in RECORDS}
    assert {name for name, kind in families.items() if kind == "equivariant"} == {
        name for name in TOP1 if name.startswith("E-")
    }
    assert {families[name] for name in ("SimCLR", "Barlow Twins", "SimSiam")} == {"invariant"}
