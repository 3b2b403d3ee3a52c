import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.classes import SYNSETS
from manifests.errors import ThreeDieError
from manifests.objects import (
    ObjectRef,
    fingerprint,
    first_per_class,
    is_plain_name,
    read_object_list,
    split_of,
)

REFS = [ObjectRef(synset, f"object{index}") for index in range(400) for synset in SYNSETS[:5]]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", "a\nb", "C:x"])
def test_an_object_id_cannot_leave_its_folder(name):
    with pytest.raises(ThreeDieError):
        ObjectRef("02691156", name)


@given(st.text())
def test_a_plain_name_is_one_file(tmp_path_factory, name):
    if is_plain_name(name):
        folder = tmp_path_factory.getbasetemp()
        assert (folder / name).parent == folder


def test_the_split_is_80_to_20_and_depends_on_the_object_alone():
    share = sum(split_of(ref) == "val" for ref in REFS) / len(REFS)
    assert share == pytest.approx(0.2, abs=0.03)
    assert [split_of(ref) for ref in REFS] == [split_of(ref) for ref in reversed(REFS)][::-1]
    assert [split_of(ref, 1) for ref in REFS] != [split_of(ref) for ref in REFS]


def test_the_split_of_some_objects_stays_for_ever():
    assert "".join(split_of(ObjectRef("02691156", str(number)))[0] for number in range(12)) == "vttttvvtvtvt"
    assert split_of(ObjectRef("02828884", "cutoutfence0000000000000000000001")) == "val"


@given(st.permutations(REFS[:12]))
def test_the_fingerprint_ignores_the_order(refs):
    assert fingerprint(refs) == fingerprint(REFS[:12])
    assert fingerprint(refs[1:]) != fingerprint(REFS[:12])


def test_first_per_class_keeps_the_order():
    kept = first_per_class(REFS, 2)
    assert kept == REFS[:10]
    assert first_per_class(REFS, None) == REFS


def test_lists_of_all_three_forms_read_alike(tmp_path):
    refs = REFS[:3]
    np.save(tmp_path / "pairs.npy", np.array([(ref.synset, ref.object_id) for ref in refs]))
    np.save(tmp_path / "paths.npy", np.array([f"/{ref}/" for ref in refs]))
    (tmp_path / "list.csv").write_text(
        "id,class,note\n" + "".join(f"{ref.object_id},{ref.synset},x\n" for ref in refs), encoding="utf-8"
    )
    for name in ("pairs.npy", "paths.npy", "list.csv"):
        assert read_object_list(tmp_path / name) == refs


def test_a_csv_may_name_its_classes(tmp_path):
    (tmp_path / "list.csv").write_text("class,id\nchair,a\n", encoding="utf-8")
    assert read_object_list(tmp_path / "list.csv") == [ObjectRef("03001627", "a")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"class,id\n", "no objects"),
        ("twice.csv", b"class,id\nchair,a\nchair,a\n", "listed twice"),
        ("class.csv", b"class,id\nchiar,a\n", "did you mean"),
        ("columns.csv", b"a,b\n1,2\n", "columns"),
        ("binary.csv", b"\xff\xfe\x00", "not a CSV object list in UTF-8"),
        ("garbage.npy", b"garbage", "not a plain"),
        ("path.csv", b"class,id\nchair,../../x\n", "plain file name"),
    ],
)
def test_a_bad_list_is_refused_by_name(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ThreeDieError, match=says) as caught:
        read_object_list(tmp_path / name)
    assert name in str(caught.value)


def test_a_pickle_is_never_loaded(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ThreeDieError):
        read_object_list(tmp_path / "objects.npy")


def test_numbers_are_no_list(tmp_path):
    np.save(tmp_path / "numbers.npy", np.zeros((3, 2)))
    with pytest.raises(ThreeDieError, match="no object list"):
        read_object_list(tmp_path / "numbers.npy")
