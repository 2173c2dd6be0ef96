"""The receipt of an event on paper: a QR code, or the words that say why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from blo_printout.model import PaperBlock, PaperCode, PaperHeading, PaperParagraph
from blo_printout.printed_case import CaseSetting, PrintedEvent
from blo_sealing.errors import MalformedNote
from blo_sealing.tlog import Receipt


class MissingReceipt(StrEnum):
    """Why there is no receipt; the value is the word of papers that says so."""

    WAITS = "receipt_waits"
    TOO_LONG = "receipt_too_long"


EventReceipt = Receipt | MissingReceipt


def receipt_blocks(
    event: PrintedEvent, receipt: EventReceipt, setting: CaseSetting
) -> Iterator[PaperBlock]:
    """What a paper says about an event's place in the log.

    Args:
        event: The event.
        receipt: The proof, or why there is none.
        setting: The circumstances.
    """
    yield PaperHeading(setting.word("receipt"), level=2)
    if isinstance(receipt, MissingReceipt):
        yield PaperParagraph(setting.word(receipt))
        return
    try:
        letters = receipt.letters()
    except MalformedNote:
        yield PaperParagraph(setting.word(MissingReceipt.TOO_LONG))
        return
    yield PaperCode(
        letters,
        (
            setting.sentence(
                "receipt_says", f"{receipt.position:,}", receipt.origin, f"{receipt.size:,}"
            ),
            setting.word("receipt_check"),
            f"{setting.word('event')}: {event.event.hex()}",
            f"{setting.word('leaf')}: {receipt.leaf.hex()}",
        ),
    )
