"""The paper about a case: what it is, and everything that happened in it."""

from __future__ import annotations

from collections.abc import Iterator

from blo_printout.model import Paper, PaperBlock, PaperFacts, PaperHeading, PaperParagraph
from blo_printout.printed_case import CaseSetting, PrintedCase, PrintedEvent
from blo_schemas.instants import local


def case_paper(case: PrintedCase, setting: CaseSetting) -> Paper:
    """The paper about a case.

    Args:
        case: The case.
        setting: The circumstances.
    """
    blocks: list[PaperBlock] = [
        PaperFacts((*case_facts(case, setting), *print_facts(setting))),
        PaperHeading(setting.word("timeline")),
    ]
    for event in case.events:
        blocks += _event(event, setting)
    return Paper(
        language=setting.language,
        title=f"{setting.word('case')}: {setting.kind(case.kind)}",
        subtitle=_subject(case),
        date=setting.now,
        page=setting.word("page"),
        mark=setting.word(f"handling_{case.handling}"),
        blocks=tuple(blocks),
    )


def case_facts(case: PrintedCase, setting: CaseSetting) -> Iterator[tuple[str, str]]:
    """The rows that say which case it is.

    Args:
        case: The case.
        setting: The circumstances.
    """
    word = setting.word
    on = case.events[0].on if case.events else None
    day = local(setting.now).date() if on is None else on
    yield word("link"), case.link
    numbers = case.numbers()
    for office in case.parties:
        yield word("office"), f"{setting.names(office, day)} ({office})"
        if office in numbers:
            yield setting.sentence("number_of_office", office), numbers[office]
    yield word("case_id"), case.case
    yield word("opened_by"), case.opener
    yield word("state"), setting.state(case.state)
    yield word("urgency"), setting.urgency(case.urgency)


def print_facts(setting: CaseSetting) -> Iterator[tuple[str, str]]:
    """The rows that say who printed the paper, and when."""
    yield setting.word("printed_by"), setting.by
    yield setting.word("printed_at"), setting.times(setting.now)


def _subject(case: PrintedCase) -> str:
    for event in case.events:
        subject = (event.dispatch or {}).get("subject")
        if isinstance(subject, str):
            return subject
    return ""


def _event(event: PrintedEvent, setting: CaseSetting) -> Iterator[PaperBlock]:
    word = setting.word
    yield PaperHeading(f"{event.version}. {setting.step(event.step)}", level=2)
    if event.superseded:
        yield PaperParagraph(word("replaced"), "bad")
    if event.corrects is not None:
        yield PaperParagraph(setting.sentence("corrects", f"{event.corrects}"), "strong")
    rows: list[tuple[str, str]] = [
        (word("written_by"), event.office),
        (word("signed_at"), setting.times(event.at)),
        (word("log_time"), setting.times(event.log_time)),
        (word("position"), f"{event.position:,}"),
        (word("event"), event.event.hex()),
    ]
    if event.on is not None:
        rows.insert(0, (word("business_date"), event.on.isoformat()))
    if event.reason is not None:
        rows.append((word("reason"), event.reason))
    yield PaperFacts((*rows, *setting.facts(event.dispatch), *setting.facts(event.fields)))
    if event.fields is None:
        yield PaperParagraph(word("closed_content"))
