"""Padding that hides lengths.

Both plaintexts end in a byte that is never zero (``blo_schemas.content``), so zeros are appended
and stripped. A reader also checks that the padded length is the right one, so that a plaintext
has exactly one padded form.
"""

from __future__ import annotations

from typing import Final

from blo_schemas.errors import NotCanonical

SUMMARY_BLOCK: Final = 32


def padme_size(size: int) -> int:
    """Padded size of ``size`` bytes by Padmé: at most 12 % more, O(log log n) bits leak.

    Source: Nikitin et al., *Reducing Metadata Leakage from Encrypted Files and Communication with
    PURBs*, PoPETs 2019(4), algorithm 1.
    """
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (size + mask) & ~mask


def block_size(size: int) -> int:
    """``size`` rounded up to a multiple of 32 bytes."""
    return -(-size // SUMMARY_BLOCK) * SUMMARY_BLOCK


def pad_summary(plaintext: bytes) -> bytes:
    """Zeros up to the next multiple of 32 bytes."""
    return plaintext.ljust(block_size(len(plaintext)), b"\0")


def pad_content(plaintext: bytes) -> bytes:
    """Zeros up to Padmé's size."""
    return plaintext.ljust(padme_size(len(plaintext)), b"\0")


def unpad_summary(padded: bytes) -> bytes:
    """Strips what ``pad_summary`` appended.

    Raises:
        NotCanonical: The padded length is not the one that ``pad_summary`` gives.
    """
    plaintext = padded.rstrip(b"\0")
    if len(padded) != block_size(len(plaintext)):
        raise NotCanonical("Summary", "the padding has not the right length")
    return plaintext


def unpad_content(padded: bytes) -> bytes:
    """Strips what ``pad_content`` appended.

    Raises:
        NotCanonical: The padded length is not the one that ``pad_content`` gives.
    """
    plaintext = padded.rstrip(b"\0")
    if len(padded) != padme_size(len(plaintext)):
        raise NotCanonical("Content", "the padding has not the right length")
    return plaintext
