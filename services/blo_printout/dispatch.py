"""The paper of one exchange document (công văn), as the office that wrote it sends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from blo_printout.case_record import print_facts
from blo_printout.errors import NotPrintable
from blo_printout.event_receipt import EventReceipt, receipt_blocks
from blo_printout.model import (
    Paper,
    PaperBlock,
    PaperFacts,
    PaperHeading,
    PaperParagraph,
    PaperSignatures,
)
from blo_printout.printed_case import CaseSetting, PrintedCase, PrintedEvent, strictest

_AT_THE_HEAD: Final = frozenset({"local_number", "subject", "signer", "handling", "receiver"})


def dispatch_paper(
    case: PrintedCase, event: PrintedEvent, receipt: EventReceipt, setting: CaseSetting
) -> Paper:
    """The paper of an event's exchange document.

    Args:
        case: Its case.
        event: The event.
        receipt: The proof of its place, or why there is none.
        setting: The circumstances.

    Raises:
        NotPrintable: The event has no exchange document that is open here.
    """
    if event.dispatch is None or event.on is None:
        raise NotPrintable("this event has no exchange document that is open here")
    return Paper(
        language=setting.language,
        title=setting.word("dispatch"),
        subtitle=str(event.dispatch.get("subject", "")),
        date=setting.now,
        page=setting.word("page"),
        mark=setting.word(f"handling_{strictest([event])}"),
        blocks=tuple(_blocks(case, event, event.dispatch, receipt, setting)),
    )


def _blocks(
    case: PrintedCase,
    event: PrintedEvent,
    dispatch: Mapping[str, Any],
    receipt: EventReceipt,
    setting: CaseSetting,
) -> Iterator[PaperBlock]:
    word = setting.word
    assert event.on is not None
    others = [office for office in case.parties if office != event.office]
    yield PaperFacts(
        (
            (word("from_office"), setting.names(event.office, event.on)),
            *((word("to_office"), setting.names(office, event.on)) for office in others),
            (word("local_number"), str(dispatch.get("local_number") or word("no_number"))),
            (word("date"), event.on.isoformat()),
            (word("subject_matter"), str(dispatch.get("subject", ""))),
            (word("urgency"), setting.urgency(case.urgency)),
            (word("kind"), f"{setting.kind(case.kind)}: {setting.step(event.step)}"),
        )
    )
    shown = {name: value for name, value in dispatch.items() if name not in _AT_THE_HEAD}
    yield PaperFacts(tuple(setting.facts(shown)))
    yield PaperHeading(word("content"))
    if event.superseded:
        yield PaperParagraph(word("replaced"), "bad")
    if event.reason is not None:
        yield PaperParagraph(event.reason)
    yield PaperFacts(tuple(setting.facts(event.fields)))
    signer = str(dispatch.get("signer") or "")
    office = setting.names(event.office, event.on)
    yield PaperSignatures(((setting.sentence("signed_for", office), signer),))
    yield from receipt_blocks(event, receipt, setting)
    yield PaperFacts(tuple(print_facts(setting)))
