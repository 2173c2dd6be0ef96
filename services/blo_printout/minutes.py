"""The minutes (biên bản) of a handover, a patrol or a briefing, in both offices' languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from blo_printout.case_record import case_facts, print_facts
from blo_printout.errors import NotPrintable
from blo_printout.event_receipt import EventReceipt, receipt_blocks
from blo_printout.model import Paper, PaperBlock, PaperFacts, PaperHeading, PaperSignatures
from blo_printout.printed_case import CaseSetting, PrintedCase, PrintedEvent
from blo_schemas.ids import EventId

SIGNED: Final = "sign_minutes"
"""The step by which an office signs the minutes."""

_TOLD_BEFORE: Final = ("open", "schedule", "complete", "hold", "record_action", "supersede")
"""Steps whose contents the minutes are about."""


def minutes_signatures(case: PrintedCase) -> tuple[PrintedEvent, ...]:
    """The newest signature of each office under the minutes, in the order of the log."""
    newest = {
        event.office: event
        for event in case.events
        if event.step == SIGNED and not event.superseded and event.fields is not None
    }
    return tuple(sorted(newest.values(), key=lambda event: event.position))


def minutes_paper(
    case: PrintedCase, receipts: Mapping[EventId, EventReceipt], setting: CaseSetting
) -> Paper:
    """The minutes of a case.

    Args:
        case: The case.
        receipts: For each signature's event the proof of its place, or why there is none.
        setting: The circumstances; its languages are both offices'.

    Raises:
        NotPrintable: No office has signed minutes that are open here.
    """
    signatures = minutes_signatures(case)
    if not signatures:
        raise NotPrintable("no office has signed minutes of this case that are open here")
    return Paper(
        language=setting.language,
        title=f"{setting.word('minutes')}: {setting.kind(case.kind)}",
        date=setting.now,
        page=setting.word("page"),
        mark=setting.word(f"handling_{case.handling}"),
        blocks=tuple(_blocks(case, signatures, receipts, setting)),
    )


def _blocks(
    case: PrintedCase,
    signatures: tuple[PrintedEvent, ...],
    receipts: Mapping[EventId, EventReceipt],
    setting: CaseSetting,
) -> Iterator[PaperBlock]:
    yield PaperFacts(tuple(case_facts(case, setting)))
    for event in case.events:
        if event.step in _TOLD_BEFORE and event.fields is not None and not event.superseded:
            yield PaperHeading(setting.step(event.step), level=2)
            yield PaperFacts(_told(event, setting))
    for event in signatures:
        assert event.on is not None
        office = setting.names(event.office, event.on)
        yield PaperHeading(setting.sentence("signed_for", office), level=2)
        yield PaperFacts(_told(event, setting))
    yield PaperSignatures(tuple(_place(event, setting) for event in signatures[:3]))
    # The last signature's receipt covers the log with all that stands before it.
    last = signatures[-1]
    yield from receipt_blocks(last, receipts[last.event], setting)
    yield PaperFacts(tuple(print_facts(setting)))


def _told(event: PrintedEvent, setting: CaseSetting) -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, str]] = [(setting.word("written_by"), event.office)]
    if event.on is not None:
        rows.append((setting.word("business_date"), event.on.isoformat()))
    return (*rows, *setting.facts(event.fields))


def _place(event: PrintedEvent, setting: CaseSetting) -> tuple[str, str]:
    assert event.on is not None
    signatory: Any = (event.fields or {}).get("signatory")
    lines = [signatory.get("name"), signatory.get("position")] if signatory else []
    name = ", ".join(line for line in lines if isinstance(line, str))
    return setting.names(event.office, event.on), name
