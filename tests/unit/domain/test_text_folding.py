"""The folding of codes and names: what is one word, and that it is the same everywhere."""

from __future__ import annotations

import unicodedata
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_domain.look_alikes import LOOK_ALIKES
from blo_domain.text_fold import FOLDING_VERSION, identity, latin_letters, skeleton

KNOWN = {1: "553d77b934fdc30c8ed00636c1df9d5333df9c2d89cdd8f48cf1981a1df1dc6c"}
"""Hash of what nearly every code point folds to, alone and in a word, by the folding's version."""

SAME = [
    ("CA-01", "ca‑01"),
    ("CA-01", "CA — 01"),
    ("CA-01", "ＣＡ－０１"),
    ("CA-01", "\u200bC\u00adA\u2060-01\ufe0f"),
    ("CA-01", " CA 01\t"),
    ("Hòa", "Hoà"),
    ("THÚY", "thuý"),
    ("khỏe", "khoẻ"),
    ("của", "cuả"),
    ("Hòa", unicodedata.normalize("NFD", "Hòa")),
    ("Ｌao\u3000PDR", "lao pdr"),
    ("STRASSE", "straße"),
]
DIFFERENT = [
    ("CA-01", "CA-02"),
    ("CA-01", "CA.01"),
    ("Hòa", "Hoa"),
    ("Hòa", "Hóa"),
    ("ma", "mà"),
    ("ca", "са"),  # Latin and Cyrillic: one code for a reader of letters, two for a reader of codes
    ("ກັບ", "ກບ"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_one_code_are_one(one: str, other: str) -> None:
    assert identity(one) == identity(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_codes_stay_two(one: str, other: str) -> None:
    assert identity(one) != identity(other)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert identity(identity(text)) == identity(text)


@given(st.text())
def test_no_form_of_unicode_makes_a_difference(text: str) -> None:
    known = "".join(c for c in text if unicodedata.ucd_3_2_0.category(c) not in ("Cn", "Cs"))
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert identity(unicodedata.normalize(form, known)) == identity(known)


def test_the_folding_changes_with_its_version_only_and_with_no_version_of_python() -> None:
    digest = sha256()
    for char in map(chr, (*range(0x20000), *range(0xE0000, 0xE1000))):
        if not "\ud800" <= char <= "\udfff":
            digest.update(f"{identity(char)} {identity(f'o{char}a 1')}\n".encode())
    found = digest.hexdigest()
    assert KNOWN[FOLDING_VERSION] == found, "count FOLDING_VERSION up, and RULES_VERSION with it"


@pytest.mark.parametrize(
    "spelling",
    ["trần b", "TRẦN  B", "Tran B", "Tr\u200bần B", "Тrần В", "Trần-B.", "Ｔrần Ｂ"],
)
def test_one_person_is_one_however_the_name_is_spelled(spelling: str) -> None:
    assert skeleton(spelling) == skeleton("Trần B")


@pytest.mark.parametrize("other", ["Trần C", "Lê B", "B", ""])
def test_two_persons_stay_two(other: str) -> None:
    assert skeleton(other) != skeleton("Trần B")


def test_what_looks_like_a_letter_is_none_itself() -> None:
    assert all("a" <= letter <= "z" for letter in LOOK_ALIKES.values())
    assert not [char for char in LOOK_ALIKES if char.isascii() and char.isalpha()]
    assert {"а", "е", "М", "Т", "ᴛ"} <= LOOK_ALIKES.keys()


def test_what_a_newer_unicode_knows_stays_as_it_is() -> None:
    """U+1E030 is a small letter of Unicode 15 that NFKC folds; U+11F42 a mark that may be moved."""
    for newer in ("\U0001e030", "a\U00011f42\u0323", "\u1c89"):
        assert identity(newer) == newer


def test_every_letter_that_looks_like_a_latin_one_is_known_as_such_in_its_case() -> None:
    for char, latin in LOOK_ALIKES.items():
        assert char.isascii() or latin_letters()[ord(char)] == (
            latin.upper() if char == char.upper() else latin
        )
