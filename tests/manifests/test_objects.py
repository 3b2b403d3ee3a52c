import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedie.manifests.classes import SYNSETS
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.manifest import read_splits
from threedie.manifests.objects import (
    ObjectRef,
    fingerprint,
    first_per_class,
    is_plain_name,
    read_object_list,
    split_of,
)

REFS = [ObjectRef(synset, f"object{index}") for index in range(400) for synset in SYNSETS[:5]]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", "a\nb", "C:x", ".a", "é" * 101])
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


CHAIRS = [ObjectRef("03001627", name) for name in ("a", "b, c")]


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbfclass,id\nchair,a\nchair,"b, c"\n',
        'class,id\nchair,a\nchair,"b, c"\n'.encode("utf-16"),
        b'class,id\r\nchair,a\r\nchair,"b, c"\r\n',
        b'class,id\rchair,a\rchair,"b, c"\r',
        b' Class , ID \nchair , a\n\n , \nchair,"b, c"\n',
        b'note,class,id\n"two\nlines",chair,a\n,chair,"b, c",\n',
        b"class,id,note\nchair,a," + b"x" * 200_000 + b'\nchair,"b, c"\n',
    ],
)
def test_a_table_is_read_however_it_was_saved(tmp_path, content):
    (tmp_path / "list.csv").write_bytes(content)
    assert read_object_list(tmp_path / "list.csv") == CHAIRS
    assert read_splits(tmp_path / "list.csv") is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"class;id\nchair;a\n", "separated by ';'"),
        (b"class\tid\nchair\ta\n", "separated by"),
        (b"class,id,id\nchair,a,b\n", "column 'id' twice"),
        (b"class,id\nchair,b, c\n", "row 2 has 3 cells, and the table has 2 columns"),
        (b"class,id\nchair,a\0b\n", "zero byte"),
        (b"class,id\nchair,a\xff\n", "UTF-8"),
        (b"", "needs the columns"),
        (b"class,id\nchair," + b"x" * 200_000 + b"\n", "at most 200 bytes"),
        (b"class,id\n" + b"x" * 200_000 + b",a\n", "is not a class"),
        (b"class,id\nchair," + b"x" * 2_000_000 + b"\n", "field larger than"),
        (b'class,id\nchair,"a\n', "unexpected end of data"),
        (b"class,id\nchair\n", "plain file name"),
    ],
)
def test_a_table_that_is_none_is_refused_in_one_short_line(tmp_path, content, says):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(ThreeDieError, match=says) as caught:
        read_object_list(tmp_path / "list.csv")
    assert "list.csv" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1500


def test_strings_that_are_no_text_are_refused(tmp_path):
    array = np.array(["/03001627/a/", "/03001627/b/"])
    for name, broken in {
        "points.npy": array.view(np.uint32) | 0x7F000000,
        "bytes.npy": np.array([b"/03001627/\xff/"]),
    }.items():
        np.save(tmp_path / name, broken.view(array.dtype) if name == "points.npy" else broken)
        with pytest.raises(ThreeDieError, match=f"{name}: holds strings that are no text"):
            read_object_list(tmp_path / name)


def test_lists_of_bytes_and_in_columns_are_read(tmp_path):
    np.save(tmp_path / "bytes.npy", np.array([b"/03001627/a/", "/03001627/é/".encode()]))
    assert read_object_list(tmp_path / "bytes.npy") == [ObjectRef("03001627", name) for name in "aé"]
    np.save(tmp_path / "columns.NPY.npy", np.asfortranarray(np.array([("03001627", "a"), ("02691156", "b")])))
    assert [str(ref) for ref in read_object_list(tmp_path / "columns.NPY.npy")] == ["03001627/a", "02691156/b"]
