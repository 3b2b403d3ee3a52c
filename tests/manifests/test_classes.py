import pytest

from threedie.manifests.classes import CLASSES, SYNSETS, find_class, label_of, name_of, parse_classes
from threedie.manifests.errors import ThreeDieError


def test_55_classes_in_the_order_of_their_ids():
    assert len(SYNSETS) == 55
    assert list(SYNSETS) == sorted(SYNSETS)


def test_no_word_names_two_classes():
    words = [word for names in CLASSES.values() for word in names]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("synset", "label"), [("02691156", 0), ("02828884", 6), ("02933112", 12), ("03001627", 18), ("04554684", 54)]
)
def test_labels_are_those_of_the_original_lists(synset, label):
    assert label_of(synset) == label


@pytest.mark.parametrize("word", ["airplane", "Plane", "02691156", " aeroplane "])
def test_a_class_is_found_by_id_name_and_synonym(word):
    assert find_class(word) == "02691156"


def test_hyphens_and_underscores_do_not_matter():
    assert find_class("file_cabinet") == find_class("File-Cabinet") == "03337140"


def test_a_misspelt_class_is_refused_with_the_nearest():
    with pytest.raises(ThreeDieError, match="did you mean 'guitar'"):
        find_class("guitra")


def test_nonsense_is_refused_with_the_choices():
    with pytest.raises(ThreeDieError, match="choose from airplane"):
        find_class("qqqqqqqq")


def test_lists_are_sorted_and_without_repeats():
    assert parse_classes("table, chair,sofa,chair") == ("03001627", "04256520", "04379243")
    assert parse_classes("all") == SYNSETS
    with pytest.raises(ThreeDieError, match="empty"):
        parse_classes(" , ")


def test_names():
    assert name_of("03001627") == "chair"
    assert name_of("elsewhere") == "elsewhere"
    with pytest.raises(ThreeDieError, match="00000000"):
        label_of("00000000")
