import numpy as np

from threedie.render.models.polygons import corners_of, fans, first_corners, ranges

SIZES = np.array([3, 0, 5, 2, 4])


def test_ranges_are_those_of_python() -> None:
    begins = np.array([7, 1, 0, 2, 9])
    spelled = [number for begin, size in zip(begins, SIZES, strict=True) for number in range(begin, begin + size)]
    assert ranges(begins, SIZES).tolist() == spelled
    assert ranges(begins[:0], SIZES[:0]).tolist() == []


def test_corners_of_some_faces_are_where_these_begin() -> None:
    assert first_corners(SIZES).tolist() == [0, 3, 3, 8, 10]
    assert corners_of(SIZES, np.array([4, 2])).tolist() == [10, 11, 12, 13, 3, 4, 5, 6, 7]


def test_fans_have_the_first_corner_in_common() -> None:
    triangles, faces = fans(SIZES)
    assert triangles.tolist() == [[0, 1, 2], [3, 4, 5], [3, 5, 6], [3, 6, 7], [10, 11, 12], [10, 12, 13]]
    assert faces.tolist() == [0, 2, 2, 2, 4, 4]
