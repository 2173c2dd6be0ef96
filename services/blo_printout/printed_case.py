"""A case as papers get it, and the circumstances in which a paper about it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from blo_domain.translations import KINDS, PAPERS, STATES, STEPS, URGENCIES, translated
from blo_domain.trust import TrustedDirectory
from blo_printout.facts import Times, fact_rows
from blo_printout.model import PaperLanguage
from blo_schemas.content import HandlingCode
from blo_schemas.ids import EventId, LinkId, OfficeId, country_of

OWN_LANGUAGE: Final[Mapping[str, PaperLanguage]] = {"vn": "vi", "la": "lo", "cn": "zh"}
"""The language that an office of a country writes; others write English."""


class PrintedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted event of a case, with its content where it is open.

    Attributes:
        event: Its id.
        step: The step's word.
        office: Who wrote it.
        version: The case's version that it made.
        position: Its place in the link's log.
        at: When it was signed, Unix milliseconds.
        log_time: When the log took it, Unix milliseconds.
        on: The business date; ``None``: the content is closed.
        reason: Why, in words.
        dispatch: The fields of the exchange document, as JSON has them.
        fields: The body's fields, as JSON has them; ``None``: the content is closed.
        superseded: Whether a correction stands in its place.
        corrects: The version that it corrects, if it is a correction.
    """

    event: EventId
    step: str
    office: OfficeId
    version: int
    position: int
    at: int
    log_time: int
    on: date | None
    reason: str | None = None
    dispatch: Mapping[str, Any] | None = None
    fields: Mapping[str, Any] | None = None
    superseded: bool = False
    corrects: int | None = None


class PrintedCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case with its events.

    Attributes:
        link: Its link.
        case: Its id, in hex.
        kind: The kind's word.
        state: The state's word.
        urgency: The urgency's word.
        opener: Who opened it.
        parties: The offices of the link, the office that prints first.
        events: Its accepted events, in the order of its versions.
    """

    link: LinkId
    case: str
    kind: str
    state: str
    urgency: str
    opener: OfficeId
    parties: tuple[OfficeId, ...]
    events: tuple[PrintedEvent, ...]

    @property
    def handling(self) -> HandlingCode:
        """The strictest handling code of its documents."""
        return strictest(self.events)

    def numbers(self) -> dict[OfficeId, str]:
        """Each office's own number of the case, as its newest document says."""
        numbers: dict[OfficeId, str] = {}
        for event in self.events:
            number = (event.dispatch or {}).get("local_number") or (event.fields or {}).get(
                "local_number"
            )
            if isinstance(number, str):
                numbers[event.office] = number
        return numbers


class CaseSetting(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances in which a case's paper is made.

    Attributes:
        languages: The reader's language; for a paper in two languages, also the counterpart's.
        times: Writes instants, in the reader's zone and with it.
        directory: The trust documents, which have the offices' names.
        now: When the paper is made, Unix milliseconds.
        by: Who prints it.
    """

    languages: tuple[PaperLanguage, ...]
    times: Times
    directory: TrustedDirectory
    now: int
    by: str

    @property
    def language(self) -> PaperLanguage:
        """The reader's language."""
        return self.languages[0]

    def word(self, name: str) -> str:
        """A word of papers, in every language of the paper."""
        return self._joined(translated(PAPERS, name, language) for language in self.languages)

    def sentence(self, name: str, *values: str) -> str:
        """A sentence of papers with its values, in every language of the paper."""
        return self._joined(
            translated(PAPERS, name, language).format(*values) for language in self.languages
        )

    def kind(self, word: str) -> str:
        """The name of a kind."""
        return self._joined(translated(KINDS, word, language) for language in self.languages)

    def step(self, word: str) -> str:
        """The name of a step."""
        return self._joined(translated(STEPS, word, language) for language in self.languages)

    def state(self, word: str) -> str:
        """The name of a state."""
        return self._joined(translated(STATES, word, language) for language in self.languages)

    def urgency(self, word: str) -> str:
        """The name of an urgency."""
        return self._joined(translated(URGENCIES, word, language) for language in self.languages)

    def facts(self, fields: Mapping[str, Any] | None) -> list[tuple[str, str]]:
        """The rows of sealed fields, named in every language of the paper."""
        columns = [fact_rows(fields or {}, language, self.times) for language in self.languages]
        return [
            (self._joined(name for name, _ in row), self._joined(value for _, value in row))
            for row in zip(*columns, strict=True)
        ]

    def names(self, office: OfficeId, on: date) -> str:
        """An office's names that were valid on a day: in its own language, then in the paper's."""
        own = OWN_LANGUAGE.get(country_of(office), "en")
        return self._joined(
            self.directory.name(office, on, language) for language in (own, *self.languages)
        )

    def _joined(self, words: Iterable[str]) -> str:
        return " / ".join(dict.fromkeys(words))


def strictest(events: Iterable[PrintedEvent]) -> HandlingCode:
    """The strictest handling code of these events' documents; ``H0`` if there is none."""
    codes = [HandlingCode((event.dispatch or {}).get("handling", "H0")) for event in events]
    return max(codes, default=HandlingCode.H0)
