"""The papers of a case: names of the day, both numbers, the handling code and the receipt."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from typing import Any, cast

import msgspec
import pytest
from pypdf import PdfReader

from blo_domain.trust import TrustedDirectory
from blo_printout.case_record import case_paper
from blo_printout.dispatch import dispatch_paper
from blo_printout.errors import NotPrintable
from blo_printout.event_receipt import MissingReceipt
from blo_printout.minutes import minutes_paper
from blo_printout.model import LANGUAGES, Paper, PaperCode, PaperLanguage
from blo_printout.pdf import pdf_of
from blo_printout.printed_case import CaseSetting, PrintedCase, PrintedEvent
from blo_printout.text import text_of
from blo_schemas.ids import EventId, LinkId, OfficeId
from blo_schemas.instants import local
from blo_sealing.tlog import Receipt
from tests.unit.sealing.test_receipts import of_a_million

VN, LA = OfficeId("vn-kyson"), OfficeId("la-xiengkhouang")
NOW = 1_795_000_000_000


class Names:
    """Two fictional offices, one of which changed its name in 2025."""

    def name(self, office: OfficeId, on: date, language: str) -> str:
        if office == VN:
            renamed = on >= date(2025, 7, 1)
            return "Văn phòng Kỳ Sơn mới" if renamed else "Văn phòng Kỳ Sơn (hư cấu)"
        return "ຫ້ອງການຊຽງຂວາງ" if language == "lo" else "Xiangkhouang office (fictional)"


def setting(*languages: PaperLanguage) -> CaseSetting:
    return CaseSetting(
        languages=languages or ("en",),
        times=lambda at: f"{local(at):%Y-%m-%d %H:%M} UTC",
        directory=cast(TrustedDirectory, Names()),
        now=NOW,
        by="hoa (fictional)",
    )


def event(version: int, step: str, office: OfficeId, **changes: Any) -> PrintedEvent:
    fields: dict[str, Any] = {
        "event": EventId(bytes([version]) * 32),
        "step": step,
        "office": office,
        "version": version,
        "position": 40 + version,
        "at": NOW - 5_000,
        "log_time": NOW - 4_000,
        "on": date(2025, 3, version),
        "fields": {},
    }
    return PrintedEvent(**fields | changes)


def handover() -> PrintedCase:
    return PrintedCase(
        link=LinkId("vn-kyson~la-xiengkhouang"),
        case="ab" * 32,
        kind="handover",
        state="signed",
        urgency="urgent",
        opener=VN,
        parties=(VN, LA),
        events=(
            event(
                1,
                "open",
                VN,
                dispatch={
                    "subject": "Bàn giao đối tượng (hư cấu)",
                    "local_number": "527/BC",
                    "handling": "H2",
                    "signer": "Trần Thị Hòa (hư cấu)",
                    "legal_basis": "Điều 5",
                },
                fields={"person": {"name": "Nguyễn Văn A (hư cấu)"}},
            ),
            event(2, "acknowledge", LA, fields={"local_number": "88/LA"}),
            event(3, "sign_minutes", LA, fields={"signatory": {"name": "Khamla (fictional)"}}),
            event(
                4,
                "sign_minutes",
                VN,
                fields={"signatory": {"name": "Lê B (hư cấu)", "position": "trưởng văn phòng"}},
            ),
        ),
    )


def receipt() -> Receipt:
    return of_a_million()


def texts(paper: Paper) -> tuple[str, list[str]]:
    """What is said as text, and on each page of the PDF."""
    return text_of(paper), [page.extract_text() for page in PdfReader(BytesIO(pdf_of(paper))).pages]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_of_a_case_says_who_and_what_by_the_names_of_the_day(
    language: PaperLanguage,
) -> None:
    text, pages = texts(case_paper(handover(), setting(language)))
    for shown in (text, "".join(pages)):
        flat = " ".join(shown.split())
        assert "527/BC" in flat
        assert "88/LA" in flat
        assert "Nguyễn Văn A (hư cấu)" in flat
        assert "Văn phòng Kỳ Sơn (hư cấu)" in flat
        assert "mới" not in flat
        assert "hoa (fictional)" in flat


def test_the_handling_code_and_the_page_stand_on_every_page() -> None:
    case = handover()
    many = tuple(event(9, "urge", VN, fields={"text": "x " * 900}) for _ in range(9))
    paper = case_paper(msgspec.structs.replace(case, events=(*case.events, *many)), setting())
    _, pages = texts(paper)
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert "H2: not to be passed on" in page
        assert re.search(rf"{number} / {len(pages)}", page)


def test_what_was_corrected_is_told_beside_it() -> None:
    case = handover()
    first = msgspec.structs.replace(case.events[0], superseded=True)
    correction = event(5, "supersede", VN, corrects=1, fields={"person": {"name": "B"}})
    text, _ = texts(
        case_paper(msgspec.structs.replace(case, events=(first, correction)), setting())
    )
    assert "Corrected later" in text
    assert "Corrects version 1" in text


def test_a_closed_content_is_told() -> None:
    closed = event(1, "open", VN, on=None, fields=None)
    case = msgspec.structs.replace(handover(), events=(closed,))
    text, _ = texts(case_paper(case, setting()))
    assert "not open here" in text
    assert "H0" in text
    with pytest.raises(NotPrintable):
        dispatch_paper(case, closed, receipt(), setting())
    with pytest.raises(NotPrintable):
        minutes_paper(case, {}, setting())


def test_a_dispatch_is_printed_for_its_writer_with_its_receipt() -> None:
    case = handover()
    paper = dispatch_paper(case, case.events[0], receipt(), setting("vi"))
    text, pages = texts(paper)
    for shown in (text, "".join(pages)):
        flat = " ".join(shown.split())
        assert "Công văn" in flat
        assert "527/BC" in flat
        assert "Trần Thị Hòa (hư cấu)" in flat
        assert "Điều 5" in flat
        assert "vị trí 123,456" in flat
    assert any(
        isinstance(block, PaperCode) and block.letters == receipt().letters()
        for block in paper.blocks
    )


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (MissingReceipt.WAITS, "print again later"),
        (
            msgspec.structs.replace(
                receipt(), origin="blo-exchange/la-vn/" + "-".join(["office"] * 9)
            ),
            "take it as a file",
        ),
    ],
)
def test_a_paper_without_a_receipt_says_why(missing: Receipt | MissingReceipt, words: str) -> None:
    case = handover()
    text, _ = texts(dispatch_paper(case, case.events[0], missing, setting()))
    assert words in " ".join(text.split())


def test_minutes_are_in_both_languages_and_name_both_signatories() -> None:
    case = handover()
    receipts = {signed.event: receipt() for signed in case.events[2:]}
    text, pages = texts(minutes_paper(case, receipts, setting("vi", "lo")))
    assert "Biên bản / ບົດບັນທຶກ: bàn giao / ມອບ-ຮັບ" in text
    assert "ຫ້ອງການຊຽງຂວາງ" in text
    for shown in (text, "".join(pages)):
        flat = " ".join(shown.split())
        assert "Khamla (fictional)" in flat
        assert "Lê B (hư cấu), trưởng văn phòng" in flat
        assert "527/BC" in flat
        assert "88/LA" in flat


def test_only_the_newest_signature_of_an_office_counts() -> None:
    case = handover()
    old = msgspec.structs.replace(case.events[2], superseded=True)
    again = event(5, "sign_minutes", LA, fields={"signatory": {"name": "Bounmy (fictional)"}})
    changed = msgspec.structs.replace(case, events=(case.events[0], old, case.events[3], again))
    receipts = {signed.event: MissingReceipt.WAITS for signed in changed.events}
    text, _ = texts(minutes_paper(changed, receipts, setting()))
    assert "Bounmy" in text
    assert "Khamla" not in text
