import pytest

from threedie.manifests.errors import MAX_WORDS, first_line, one_line, shown_value


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("wood\n  \tand   stone", "wood and stone"),
        ("wood\x07\udcff\u202e", "wood???"),
        (ValueError(), "ValueError"),
        (ValueError("no\nsuch thing"), "no such thing"),
        ("a" * (MAX_WORDS + 1), "a" * MAX_WORDS + "..."),
        ("", ""),
    ],
)
def test_words_of_others_are_one_bounded_line(words: object, shown: str) -> None:
    assert one_line(words) == shown


def test_the_first_line_of_an_error_is_what_it_says() -> None:
    assert first_line(RuntimeError("\nno such key\n  at file.cpp:3")) == "no such key"
    assert first_line(RuntimeError("\n")) == "RuntimeError"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\nb", r"'a\nb'"),
        (True, "True"),
        (2**63, "9223372036854775808"),
        (-(10**400), "a whole number of 1329 bits"),
        ([10**5000], "a list"),
        (["a" * 90], "['" + "a" * 58 + "..."),
    ],
)
def test_values_are_shown_in_one_bounded_line(value: object, shown: str) -> None:
    assert shown_value(value) == shown
