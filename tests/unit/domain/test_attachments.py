"""Names of files that mean the same everywhere, and how many files a step may have."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_domain.attachments import MAX_NAME, safe_name
from blo_domain.commands import ChannelRules, Command, check_content
from blo_domain.errors import Refused
from blo_schemas.bodies import body_from_json
from blo_schemas.content import Attachment, Dispatch, EnclosedFile
from blo_schemas.plain_text import is_plain
from blo_schemas.summary import Kind, Step


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("biên bản số 5.pdf", "biên bản số 5.pdf"),
        ("ບົດບັນທຶກ.docx", "ບົດບັນທຶກ.docx"),
        ("会晤纪要.pdf", "会晤纪要.pdf"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\x\photo.jpg", "photo.jpg"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
        ("CON.txt", "_CON.txt"),
        ("..", "file"),
        ("", "file"),
        ("/", "file"),
        (".htaccess", "htaccess"),
        ('x"; rm -rf *.pdf', "x_; rm -rf _.pdf"),
        ("a" * 400 + ".pdf", "a" * (MAX_NAME - 4) + ".pdf"),
    ],
)
def test_a_name_means_a_file_in_one_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text())
def test_a_safe_name_stays_as_it_is_and_can_be_shown(name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert is_plain(safe)
    assert 0 < len(safe) <= MAX_NAME
    assert len(safe.encode()) <= 255
    assert not set(safe) & set('/\\:*?"<>|\0')


def enclosing(*attachments: Attachment) -> Command:
    return Command(
        kind=Kind.DOCUMENT,
        step=Step.OPEN,
        on=date(2025, 2, 20),
        body=body_from_json(Kind.DOCUMENT, Step.OPEN, {}),
        dispatch=Dispatch(subject="(fictional)", attachments=attachments),
    )


def a_file(number: int, name: str = "a.pdf") -> Attachment:
    enclosed = EnclosedFile(id=number.to_bytes(16, "big"), media_type="application/pdf")
    return Attachment(name=name, size=1, sha256=bytes(32), file=enclosed)


def test_ten_files_travel_with_a_step_and_no_more() -> None:
    check_content(enclosing(*map(a_file, range(10))), ChannelRules())
    with pytest.raises(Refused, match="too_many_files"):
        check_content(enclosing(*map(a_file, range(11))), ChannelRules())
    with pytest.raises(Refused, match="twice"):
        check_content(enclosing(a_file(1), a_file(1)), ChannelRules())


def test_a_name_that_is_no_files_name_does_not_travel() -> None:
    with pytest.raises(Refused, match="file_name"):
        check_content(enclosing(a_file(1, "../a.pdf")), ChannelRules())
    by_courier = Attachment(name="a/b", size=1, sha256=bytes(32))
    check_content(enclosing(by_courier), ChannelRules())
