"""Padding hides lengths and has exactly one form."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_schemas.errors import NotCanonical
from blo_sealing.padding import (
    pad_content,
    pad_summary,
    padme_size,
    unpad_content,
    unpad_summary,
)

plaintexts = st.builds(
    lambda body, last: body + bytes([last]), st.binary(max_size=3000), st.integers(1, 255)
)


def padme_of_the_paper(size: int) -> int:
    """Algorithm 1 of the PURBs paper, written as it stands there."""
    exponent = math.floor(math.log2(size))
    kept = math.floor(math.log2(exponent)) + 1
    mask: int = 2 ** (exponent - kept) - 1
    return (size + mask) & ~mask


@given(st.integers(2, 300_000))
def test_padme_is_the_papers_and_costs_at_most_twelve_percent(size: int) -> None:
    padded = padme_size(size)
    assert padded == padme_of_the_paper(size)
    assert size <= padded <= size * 1.12
    assert padme_size(padded) == padded


def test_padme_of_next_to_nothing() -> None:
    assert [padme_size(size) for size in (0, 1, 2, 9, 10, 1024, 1025)] == [
        0,
        1,
        2,
        10,
        10,
        1024,
        1088,
    ]


@given(plaintexts)
def test_what_is_padded_is_unpadded(plaintext: bytes) -> None:
    assert unpad_content(pad_content(plaintext)) == plaintext
    assert unpad_summary(pad_summary(plaintext)) == plaintext
    assert len(pad_summary(plaintext)) % 32 == 0


@given(plaintexts, st.integers(1, 200))
def test_another_padded_length_is_refused(plaintext: bytes, more: int) -> None:
    for pad, unpad in ((pad_content, unpad_content), (pad_summary, unpad_summary)):
        with pytest.raises(NotCanonical):
            unpad(pad(plaintext) + bytes(more))
        if pad(plaintext) != plaintext:
            with pytest.raises(NotCanonical):
                unpad(plaintext)
