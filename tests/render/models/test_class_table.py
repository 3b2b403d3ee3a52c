import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from model_samples import CHAIR, PLANE

from threedie.manifests.errors import ThreeDieError
from threedie.render.commands.models import models
from threedie.render.models.class_table import ClassTable

CASE = Path(__file__).parents[2] / "data" / "cases" / "csv_bom"
MUG = "03797390"


def table(tmp_path: Path, content: str | bytes) -> ClassTable:
    path = tmp_path / "classes.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return ClassTable(path)


@pytest.mark.parametrize("name", ["classes", "semicolon", "spaces", "upper"])
def test_the_spellings_of_one_table_give_the_same(tmp_path: Path, name: str) -> None:
    shutil.copytree(CASE, tmp_path / "in")
    arguments = ["import", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--workers", "1"]
    result = CliRunner().invoke(models, [*arguments, "--classes-from", str(tmp_path / "in" / f"{name}.csv")])
    assert result.exit_code == 0, result.output
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_dir()] == [MUG]


@pytest.mark.parametrize(
    "content",
    [
        "source,class\na,chair\n",
        "\ufeffsource,class\r\na,chair\r\n",
        "source,class\ra,chair\r",
        "source\tclass\na\tchair\n",
        "source|class\na|chair\n",
        "class;source;by\nchair;a;me, myself\n",
        ' SOURCE , Class \n "a" , Chair \n',
        '"source";"class"\n"a";"CHAIR"\n',
        f"source,class\n\n,\na,{CHAIR}\na,chair\n",
        "source,class\n.\\a,chair,and,more\n",
        "source,class\na,chair\n".encode("utf-16"),
        "\n\nsource,class\na,chair\n",
    ],
)
def test_tables_as_people_and_spreadsheets_write_them(tmp_path: Path, content: str | bytes) -> None:
    assert table(tmp_path, content)("in/a.obj") == CHAIR


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column 'source'|needs the columns"),
        (b"source,class\n", "needs the columns 'source' and 'class', and a row"),
        (b"source\na\n", "has no column 'class'"),
        (b"file;class\na;chair\n", "has no column 'source'"),
        (b"source,class,class\na,chair,mug\n", "more than one column 'class'"),
        (b"source,class\na,chair\nb\n", "line 3: no class"),
        (b"source,class\n,chair\n", "line 2: no source"),
        (b"source,class\na,chair\nb,chiar\n", "line 3: 'chiar' is not a class: did you mean 'chair'"),
        (b"source,class\na,chair\nb,mug\na,mug\n", "line 4: 'a' has two classes; line 2"),
        (b"source,class\na,chair\n./a,mug\n", "line 3: 'a' has two classes"),
        (b"source,class\na,ch\0air\n", "zero byte"),
        ("source,class\nhöhe,chair\n".encode("latin-1"), "not a table of classes in UTF-8"),
        (b"\xff\xfes", "not a table of classes in UTF-8"),
        (b"source,class\na," + b"x" * 2_000_000 + b"\n", "line 2: not a table of classes"),
        (b'source,class\na,"chair\nb,mug\n' + b"c,mug\n" * 100, "is a quote missing"),
    ],
)
def test_wrong_tables_are_refused_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ThreeDieError, match=message) as caught:
        table(tmp_path, content)
    assert str(caught.value).startswith(str(tmp_path / "classes.csv"))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1500


def test_the_longest_path_counts_and_rows_that_match_nothing_are_named(tmp_path: Path) -> None:
    choose = table(tmp_path, "source,class\na,chair\nx/a.obj,airplane\ngone,mug\nx\\gone.obj,mug\n")
    assert choose("in/x/a.obj") == PLANE
    assert choose("in/y/a.obj") == CHAIR
    assert choose("in/z.obj") is None
    (note,) = choose.unmatched()
    assert note.endswith("classes.csv: 2 rows without a mesh: 'gone' (line 4), 'x/gone.obj' (line 5)")


def test_the_command_says_which_rows_match_nothing(tmp_path: Path) -> None:
    (tmp_path / "classes.csv").write_text("source,class\nm,mug\nn,mug\n")
    arguments = ["import", str(CASE), "--out", str(tmp_path / "out"), "--workers", "1"]
    result = CliRunner().invoke(models, [*arguments, "--classes-from", str(tmp_path / "classes.csv")])
    assert "1 row without a mesh: 'n' (line 3)" in result.output


def test_tables_of_earlier_imports_are_kept_or_the_import_does_not_begin(tmp_path: Path) -> None:
    arguments = ["import", str(CASE), "--out", str(tmp_path), "--workers", "1", "--class", "mug"]
    first = CliRunner().invoke(models, arguments)
    assert first.exit_code == 0
    path = tmp_path / "imported.csv"
    header, row = path.read_bytes().splitlines()
    other = b"caf\xe9/b.obj,03001627,0123,"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([header, other, b"short/c.obj,03001627,4567"]) + b"\r\n")
    assert CliRunner().invoke(models, arguments).exit_code == 0
    assert path.read_bytes().splitlines() == [header, other, row, b"short/c.obj,03001627,4567,"]
    path.write_bytes(header + b"\n" + b"x" * 3_000_000 + b",a,b,c\n")
    damaged = CliRunner().invoke(models, arguments)
    assert isinstance(damaged.exception, ThreeDieError)
    assert "imported.csv: not a table that an import wrote" in str(damaged.exception)
    assert path.stat().st_size > 3_000_000
