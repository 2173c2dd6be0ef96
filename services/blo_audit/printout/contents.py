"""Disclosed contents as people read them: fields by their names in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator

from blo_audit.bundle.disclosures import ShownContent
from blo_domain.translations import KINDS, PAPERS, STEPS, translated
from blo_printout.facts import Times, fact_rows
from blo_printout.model import PaperBlock, PaperFacts, PaperHeading, PaperLanguage


def content_blocks(
    content: ShownContent, language: PaperLanguage, times: Times
) -> Iterator[PaperBlock]:
    """One disclosed event, as it was sealed.

    Args:
        content: The event's content.
        language: The reader's language.
        times: Writes instants.
    """

    def word(name: str) -> str:
        return translated(PAPERS, name, language)

    yield PaperHeading(word("record").format(f"{content.position:,}"), level=2)
    facts = [
        (word("event"), content.event),
        (word("written_by"), content.office),
        (word("disclosed_by"), ", ".join(content.disclosed_by)),
        (word("signed_at"), times(content.at)),
        (word("kind"), translated(KINDS, content.kind, language)),
        (word("step"), translated(STEPS, content.step, language)),
        (word("business_date"), content.on.isoformat()),
    ]
    if content.reason is not None:
        facts.append((word("reason"), content.reason))
    for fields in (content.dispatch, content.body):
        facts += fact_rows(fields or {}, language, times)
    if content.body is None:
        facts.append(("", word("unfit_body")))
    yield PaperFacts(tuple(facts))
