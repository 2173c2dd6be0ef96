"""The type of a file is what its content says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_agent.files.media_type import TEXT, UNKNOWN, media_type
from blo_schemas.content import Attachment, EnclosedFile
from blo_schemas.texts import from_object


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"%PDF-1.7\n", "photo.jpg", "application/pdf"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(99), "minutes.pdf", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a", "image/png"),
        (b"PK\x03\x04" + b"\xff" * 99, "a.zip", "application/zip"),
        (b"MZ" + bytes(99), "invoice.pdf", UNKNOWN),
        (b"\x07\x13\x99\xfe" * 9, "a.jpg", UNKNOWN),
        ("Biên bản làm việc\n".encode(), "a.bin", TEXT),
        ("Biên bả".encode()[:-1], "cut in a character.txt", TEXT),
        (b"a\x1b[2Jb", "a.txt", UNKNOWN),
        (b"", "a.txt", TEXT),
    ],
)
def test_the_content_decides(head: bytes, name: str, expected: str) -> None:
    assert media_type(head, name) == expected


@given(st.binary(max_size=300), st.text(max_size=20))
def test_whatever_comes_has_a_type_that_can_be_sealed(head: bytes, name: str) -> None:
    said = EnclosedFile(id=bytes(16), media_type=media_type(head, name))
    Attachment(name="a", size=1, sha256=bytes(32), file=said)
    from_object({"media_type": said.media_type, "id": said.id}, EnclosedFile)
