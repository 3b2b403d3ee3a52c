import pytest

from threedie.manifests.plurals import pluralize


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (1, "class", "1 class"),
        (2, "class", "2 classes"),
        (0, "object", "0 objects"),
        (10_552, "part file", "10,552 part files"),
        (2, "mesh", "2 meshes"),
        (2, "copy", "2 copies"),
        (2, "day", "2 days"),
        (1, "process", "1 process"),
    ],
)
def test_counts_and_their_nouns(count, noun, text):
    assert pluralize(count, noun) == text


def test_an_irregular_plural():
    assert pluralize(2, "vertex", "vertices") == "2 vertices"
