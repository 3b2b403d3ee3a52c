import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedie.render.models.obj import read_obj
from threedie.render.models.source import ModelError

SQUARE = b"v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


def test_a_polygon_becomes_a_fan_whatever_the_spelling() -> None:
    expected = [[0, 1, 2], [0, 2, 3]]
    for face in (
        b"f 1 2 3 4",
        b"f 1/1 2/2 3/3 4/4\r",
        b"  f\t1//1 2//1 3//1 4//1 # four",
        b"f 1/7/1 2/7/1 \\\n 3/7/1 4/7/1",
        b"f -4 -3 -2 -1",
        b"f 1 2 3\nf 1 3 4",
    ):
        mesh = read_obj(SQUARE + face + b"\nvn 0 0 1\nvt 0 0\n")
        assert mesh.triangles.tolist() == expected, face
        assert mesh.areas().sum() == 1


def test_faces_counted_backwards_between_vertices() -> None:
    mesh = read_obj(SQUARE + b"f -4 -3 -2\nv 5 5 5\nf -1 1 2\nf 5 1 2\n")
    assert mesh.triangles.tolist() == [[0, 1, 2], [4, 0, 1], [4, 0, 1]]


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=7), min_size=1))
def test_triangles_of_any_polygons(faces: list[list[int]]) -> None:
    text = "".join(f"v {index} 0 0\n" for index in range(9)) + "".join(f"f {' '.join(map(str, f))}\n" for f in faces)
    expected = [[f[0] - 1, f[i] - 1, f[i + 1] - 1] for f in faces for i in range(1, len(f) - 1)]
    if expected:
        assert read_obj(text.encode()).triangles.tolist() == expected
    else:
        with pytest.raises(ModelError, match="no faces"):
            read_obj(text.encode())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SQUARE, "no faces"),
        (SQUARE + b"f 1 2 9\n", "doesn't exist"),
        (SQUARE + b"f 1 2 -9\n", "doesn't exist"),
        (SQUARE + b"f 1 2 x\n", "not made of numbers"),
        (SQUARE + b"v 1 2\nf 1 2 3\n", "fewer than three numbers"),
        (SQUARE + b"v 1 2 x\nf 1 2 3\n", "not a number"),
        (SQUARE + b"f 1 2 99999999999999999999999\n", "not made of numbers"),
    ],
)
def test_broken_text(content: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        read_obj(content)


def test_the_hash_is_of_the_surface_alone() -> None:
    one = read_obj(b"# made by hand\nmtllib a.mtl\no a\n" + SQUARE + b"usemtl red\nf 1 2 3 4\n").content_hash()
    assert one == read_obj(b"v 9 9 9\n" + SQUARE + b"usemtl blue\nf 2/1 3/1 4/1\nf 2 4 5\n").content_hash()
    assert one != read_obj(SQUARE.replace(b"1 1 0", b"1 1 0.001") + b"f 1 2 3 4\n").content_hash()
    assert one != read_obj(SQUARE + b"f 1 2 3\n").content_hash()


def test_vertices_that_no_face_uses_do_not_count() -> None:
    mesh = read_obj(SQUARE + b"v nan 1e9 inf\nf 1 2 3\n")
    np.testing.assert_array_equal(mesh.used, [[0, 0, 0], [1, 0, 0], [1, 1, 0]])
