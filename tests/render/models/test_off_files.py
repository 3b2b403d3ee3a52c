from pathlib import Path

import pytest
from seen import Seen, area

from threedie.render.models.container import Folder
from threedie.render.models.off import read_off
from threedie.render.models.source import ModelError
from threedie.render.models.surface import ReadMesh

CASES = Path(__file__).parents[2] / "data" / "cases"
POINTS = "0 0 0\n1 0 0\n1 3 0\n0 3 0\n"
QUAD = f"OFF\n4 1 4\n{POINTS}4 0 1 2 3\n"


def read(tmp_path: Path, content: str | bytes) -> ReadMesh:
    (tmp_path / "m.off").write_bytes(content.encode() if isinstance(content, str) else content)
    return read_off(Folder(tmp_path), "m.off")


def see(tmp_path: Path, content: str) -> Seen:
    (tmp_path / "m.off").write_text(content)
    return Seen(tmp_path / "m.off", tmp_path / "out")


def vertices(words: str) -> str:
    return "".join(f"{line} {words}\n" for line in POINTS.splitlines())


def test_cases(tmp_path: Path) -> None:
    concave = Seen(CASES / "off_u" / "m.off", tmp_path / "out")
    assert concave.extent == [4, 1, 4]
    assert area(concave) == pytest.approx((2 * 10 + 22) / 33, rel=1e-5)
    comments = Seen(CASES / "off_comment_trail" / "m.off", tmp_path / "out")
    assert (comments.extent, list(map(len, comments.faces)), comments.notes) == ([1, 3, 1], [4] * 6, [])
    colors = Seen(CASES / "off_coff" / "m.off", tmp_path / "out")
    assert [colors.corner(face, 0) for face in range(6)] == [[255, 0, 0]] * 6
    assert (colors.extent, colors.notes) == ([1, 3, 1], [])


@pytest.mark.parametrize(
    "content",
    [
        QUAD,
        QUAD.replace("OFF\n", "OFF "),
        QUAD.replace("OFF\n", "OFF"),
        QUAD.replace("OFF\n", "off\n"),
        QUAD.replace("4 1 4", "4 1"),
        QUAD.replace("4 1 4", "4\n1\n4"),
        QUAD.replace("4 1 4\n", "4 1 4 "),
        QUAD.replace("\n", "\r\n"),
        QUAD.replace("\n", "\r"),
        QUAD.replace("\n", "\n\n"),
        QUAD.replace("\n", "  \n \t"),
        "\ufeff" + QUAD,
        QUAD.encode("utf-16"),
        "# made by hand\n\n" + QUAD,
        QUAD.replace("\n", " # a comment 1 2 3\n"),
        QUAD.replace("4 0 1 2 3", "4 0 1\n2 3"),
        QUAD.replace("1 3 0", "1e0 +3. -0.0"),
        QUAD.rstrip(),
    ],
)
def test_text_as_programs_write_it(tmp_path: Path, content: str | bytes) -> None:
    mesh = read(tmp_path, content)
    assert mesh.surfaces[0].points.tolist() == [[0, 0, 0], [1, 0, 0], [1, 3, 0], [0, 3, 0]]
    assert mesh.surfaces[0].corners.tolist() == [0, 1, 2, 3]
    assert mesh.notes == ()


@pytest.mark.parametrize(
    ("kind", "words", "color", "normal"),
    [
        ("COFF", "10 200 30", [10, 200, 30], None),
        ("COFF", "10 200 30 255", [10, 200, 30], None),
        ("COFF", "0.2 0.4 1", [51, 102, 255], None),
        ("COFF", "0.2 0.4 1.0 1.0", [51, 102, 255], None),
        ("coff", "0 0 0 255", [0, 0, 0], None),
        ("NOFF", "0 3 4", None, [0, 0.6, 0.8]),
        ("NCOFF", "0 3 4 10 200 30 255", [10, 200, 30], [0, 0.6, 0.8]),
        ("CNOFF", "0 3 4 10 200 30", [10, 200, 30], [0, 0.6, 0.8]),
    ],
)
def test_colors_and_normals_of_vertices(
    tmp_path: Path, kind: str, words: str, color: list[int] | None, normal: list[float] | None
) -> None:
    seen = see(tmp_path, f"{kind}\n4 1 4\n{vertices(words)}4 0 1 2 3\n")
    assert seen.corner(0, 0) == (color or [188, 188, 188])
    assert seen.normals[seen.face_normals[0]].tolist() == [normal] * 4 if normal else len(seen.normals) == 0
    assert seen.notes == []


def test_colors_that_differ(tmp_path: Path) -> None:
    points = "0 0 0 255 0 0\n1 0 0 0 255 0\n1 3 0 0 0 255\n0 3 0 9 9 9\n"
    seen = see(tmp_path, f"COFF\n4 1 4\n{points}4 0 1 2 3\n")
    shown = {vertex: seen.corner(n, c) for n, face in enumerate(seen.faces) for c, vertex in enumerate(face)}
    assert shown == {0: [255, 0, 0], 1: [0, 255, 0], 2: [0, 0, 255], 3: [9, 9, 9]}


def test_colors_of_faces(tmp_path: Path) -> None:
    faces = ["10 200 30", "1 2 3 255", "0.2 0.4 1.0", "0.2 0.4 1.0 1.0", ""]
    text = f"OFF\n4 5 4\n{POINTS}" + "".join(f"3 0 1 {2 + n % 2} {words}\n" for n, words in enumerate(faces))
    seen = see(tmp_path, text)
    shown = [seen.at(face, 0.2, 0.3, 0.5) for face in range(5)]
    assert shown == [[10, 200, 30], [1, 2, 3], [51, 102, 255], [51, 102, 255], [188, 188, 188]]
    assert seen.notes == []
    fractions = see(tmp_path, f"OFF\n4 1 4\n{POINTS}4 0 1 2 3 1 0 0\n")
    assert fractions.corner(0, 0) == [255, 0, 0]


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (QUAD.replace("OFF\n", ""), ["the word OFF at its beginning is missing; it was read all the same"]),
        (QUAD + "1 2 3\n", ["ignored 3 numbers after the last face"]),
        (QUAD + "the end", ["ignored what comes after the last face: 'the'"]),
        (QUAD.replace("2 3\n", "2 3 7\n"),
         ["did not use the colors of 1 face: numbers in a color map that the file doesn't have"]),
        (QUAD.replace("2 3\n", "2 3 7 7\n"),
         ["did not use the numbers after the corners of 1 face: they are no color"]),
        (QUAD.replace("2 3\n", "2 3 0.1 0.2 0.3 0.5\n"), ["the opacity of the colors of faces was not used"]),
        (QUAD.replace("4 1 4", "4 3 4").replace("4 0 1 2 3", "2 0 1\n4 0 1 2 3\n3 1 1 2"),
         ["dropped 2 faces with fewer than three different corners"]),
        (QUAD.replace("4 0 1 2 3", "5 0 0 1 2 3"), ["dropped corners that came twice in a row from 1 face"]),
        (f"OFF\n4 1 4\n{vertices('10 200 30')}4 0 1 2 3\n",
         ["the 3 numbers after each vertex were taken for its color"]),
        (f"OFF\n4 1 4\n{vertices('0 0 -1')}4 0 1 2 3\n", ["did not use 3 further numbers of each vertex"]),
        (f"STOFF\n4 1 4\n{vertices('0.5 0.5')}4 0 1 2 3\n",
         ["texture coordinates were not used: OFF files name no texture"]),
        (f"COFF\n4 1 4\n{POINTS}4 0 1 2 3\n", ["its vertices have no colors although its name is COFF"]),
        (f"COFF\n4 1 4\n{vertices('1 2 3 200')}4 0 1 2 3 9 9 9\n",
         ["the opacity of the colors of vertices was not used",
          "colors of faces were not used, since vertices have colors too"]),
    ],
)  # fmt: skip
def test_what_is_not_used_is_noted(tmp_path: Path, content: str, notes: list[str]) -> None:
    mesh = read(tmp_path, content)
    assert list(mesh.notes) == notes
    assert mesh.surfaces[0].corners.tolist() == [0, 1, 2, 3]


def test_all_that_vertices_may_have(tmp_path: Path) -> None:
    seen = see(tmp_path, f"STCNOFF\n4 1 4\n{vertices('0 3 4 10 200 30 255 0.5 0.5')}4 0 1 2 3\n")
    assert (seen.corner(0, 0), seen.normals.tolist()) == ([10, 200, 30], [[0, 0.6, 0.8]])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "begins with nothing"),
        ("<html>", "not an OFF file: it begins with '<html>'"),
        ("OFFICE\n4 1 4\n", "not an OFF file"),
        (QUAD.replace("OFF", "4OFF"), "4OFF, has vertices that aren't in three dimensions"),
        (QUAD.replace("OFF", "nOFF"), "nOFF, has vertices that aren't in three dimensions"),
        (QUAD.replace("OFF", "XOFF"), "its kind, XOFF, is no kind of OFF file"),
        ("OFF BINARY\n\0\0\0\4", "OFF BINARY can't be read; convert it"),
        ("COFF binary\n\0\0\0\4", "COFF BINARY can't be read; convert it"),
        ("OFF\n", "ends before the numbers"),
        ("OFF\nx y z\n", "its numbers of vertices and faces are 'x y'"),
        ("OFF\n-4 1 4\n", "its numbers of vertices and faces are '-4 1'"),
        ("OFF\n0 0 0\n", "0 vertices and no faces"),
        (QUAD.replace("4 1 4", "4 0 0"), "4 vertices and no faces"),
        (QUAD.replace("4 1 4", "1000000000000 1 4"), "says 1,000,000,000,000 vertices, and has room for 5"),
        (QUAD.replace("4 1 4", "4 1000000000000 4"), "says 1,000,000,000,000 faces, and has room for 1"),
        (QUAD.replace("1 3 0", "1,5 3 0"), "before '1,5' is no number"),
        (QUAD.replace("2 3\n", "2 x\n"), "says 1 face, and has room for 0 before 'x' is no number"),
        (QUAD.replace("2 3\n", "2 4\n"), r"face 0 \(counted from 0\) uses vertex 4"),
        (QUAD.replace("2 3\n", "2 -1\n"), "uses vertex -1"),
        (QUAD.replace("2 3\n", "2 1.5\n"), "is 1.5, which is no integer"),
        (QUAD.replace("2 3\n", "2 99999999999999999999\n"), "is 1e.20, which is no integer"),
        (QUAD.replace("4 0 1 2 3", "-4 0 1 2 3"), "has -4 corners"),
        (QUAD.replace("4 0 1 2 3", "nan 0 1 2 3"), "is nan, which is no integer"),
        (QUAD.replace("4 0 1 2 3", "2 0 1"), "no face of its 1 has three"),
        (QUAD.replace("1 3 0", "nan 3 0"), "not finite"),
        (QUAD.replace("1 3 0", "1e999 3 0"), "not finite"),
        (QUAD.replace("3", "0"), "no area|three different"),
    ],
)  # fmt: skip
def test_each_refusal_has_its_reason(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        see(tmp_path, content)
