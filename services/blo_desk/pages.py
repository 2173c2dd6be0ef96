"""From a template and a reader to a page."""

from __future__ import annotations

import functools
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup

from blo_desk import formats
from blo_desk.assets import ADDRESSES
from blo_desk.languages import AWAITING_REVIEW, NAMES, catalog
from blo_desk.reader import Reader
from blo_desk.words import (
    AGENCIES,
    CLOCK_STATES,
    CLOCKS,
    DRAFT_STATES,
    FACTORS,
    INBOX,
    N_,
    ROLES,
    SECTIONS,
    STAGES,
)
from blo_domain.people.permissions import Action
from blo_domain.translations import (
    FIELDS,
    KINDS,
    STATES,
    STEPS,
    UNITS,
    URGENCIES,
    VALUES,
    translated,
)
from blo_schemas.errors import WireError
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.instants import local
from blo_schemas.texts import day_from, moment_from

TEMPLATES: Final = Path(__file__).parent / "templates"
PAGE: Final = "text/html"


class MenuItem(NamedTuple):
    """A page in the menu.

    Attributes:
        path: Its address.
        title: Its title.
        actions: Who may do any of these sees it; empty: everybody.
    """

    path: str
    title: str
    actions: tuple[Action, ...] = ()


_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(_DAY.pattern + r"T[0-9:.]{5,15}(Z|[+-][0-9:]{5})")
_CASEWORK: Final = (Action.LIST_CASES, Action.DRAFT, Action.APPROVE)
MENU: Final = (
    MenuItem("/board", N_("Board"), _CASEWORK),
    MenuItem("/new", N_("New exchange"), (Action.DRAFT,)),
    MenuItem("/drafts", N_("Drafts and approvals"), (Action.DRAFT, Action.APPROVE)),
    MenuItem("/people", N_("People"), (Action.MANAGE_PEOPLE,)),
    MenuItem("/account", N_("My account")),
)


class Words:
    """What templates ask for a reader: dates, numbers, and the words of the exchange.

    Args:
        reader: The reader.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def moment(self, at: int | datetime) -> Markup:
        """An instant by the office's clocks."""
        return formats.moment(at, self._reader.language, self._reader.zone)

    def zone(self) -> str:
        """The name of the office's zone, with its distance from UTC."""
        return formats.zone_name(self._reader.now, self._reader.language, self._reader.zone)

    def day(self, value: date) -> str:
        """A calendar date."""
        return formats.day(value, self._reader.language)

    def number(self, value: int) -> str:
        """A number."""
        return formats.number(value, self._reader.language)

    def span(self, ms: int) -> str:
        """A span of time."""
        return formats.span(ms, self._reader.language)

    def role(self, name: str) -> str:
        """A role of a person."""
        return self._message(ROLES[name])

    def agency(self, name: str) -> str:
        """An agency."""
        return self._message(AGENCIES[name])

    def factor(self, name: str) -> str:
        """How somebody has logged in."""
        return self._message(FACTORS[name])

    def kind(self, name: str) -> str:
        """A kind of cases."""
        return translated(KINDS, name, self._reader.language)

    def step(self, name: str) -> str:
        """A step of a case."""
        return translated(STEPS, name, self._reader.language)

    def field(self, name: str) -> str:
        """A field of a form."""
        return translated(FIELDS, name, self._reader.language)

    def value(self, name: str) -> str:
        """A word of a closed list."""
        return translated(VALUES, name, self._reader.language)

    def word(self, name: str) -> str:
        """A word of a choice, from whichever list of the exchange has it."""
        lists = (VALUES, URGENCIES, UNITS, KINDS, STEPS, STATES)
        known = next((words for words in lists if name in words), VALUES)
        return translated(known, name, self._reader.language)

    def text(self, item: object) -> str:
        """A text of a body: dates and words as the language writes them, all else as it is."""
        text = str(item)
        if _DAY.fullmatch(text):
            try:
                return self.day(day_from(text))
            except WireError:
                return text
        if _INSTANT.fullmatch(text):
            try:
                return self.moment(moment_from(text))
            except WireError:
                return text
        return self.word(text) if text in VALUES else text

    def state(self, name: str) -> str:
        """A state of a case."""
        return translated(STATES, name, self._reader.language)

    def urgency(self, name: str) -> str:
        """An urgency."""
        return translated(URGENCIES, name, self._reader.language)

    def office(self, office: str, on: date | None = None) -> str:
        """The name that an office had on a day; by default today."""
        reader = self._reader
        if reader.directory is None:
            return office
        today = local(reader.now, reader.zone).date()
        return reader.directory.name(OfficeId(office), on or today, reader.language, today)

    def counterparts(self, link: str) -> list[str]:
        """The names of the other offices of a link."""
        reader = self._reader
        if reader.directory is None:
            return [link]
        parties = reader.directory.link_trust(LinkId(link)).parties(reader.now)
        return [self.office(party) for party in sorted(parties) if party != reader.office_id]

    def said(self, words: Mapping[str, str], name: str) -> str:
        """A word of one of the desk's own lists; one that is not there as it is."""
        known = words.get(name)
        return name.replace("_", " ") if known is None else self._message(known)

    def inbox(self, name: str) -> str:
        """A section of the board."""
        return self.said(INBOX, name)

    def stage(self, name: str) -> str:
        """How far an event has come."""
        return self.said(STAGES, name)

    def clock(self, name: str) -> str:
        """What a clock counts down to."""
        return self.said(CLOCKS, name)

    def clock_state(self, name: str) -> str:
        """How a clock stands."""
        return self.said(CLOCK_STATES, name)

    def draft_state(self, name: str) -> str:
        """Where a draft stands."""
        return self.said(DRAFT_STATES, name)

    def section(self, name: str) -> str:
        """A part of a form."""
        return self.said(SECTIONS, name)

    def _message(self, message: str) -> str:
        return catalog(self._reader.language).gettext(message)


@functools.cache
def environment(language: str) -> Environment:
    """The templates with the messages of a language; all of what is inserted is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["base64url"] = lambda data: urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
    messages = catalog(language)
    made.install_gettext_callables(  # type: ignore[attr-defined]
        messages.gettext, messages.ngettext, newstyle=True
    )
    return made


def page(
    reader: Reader,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response[str]:
    """A page for a reader.

    Args:
        reader: Who reads.
        template: The name of its template.
        status: The status of the answer.
        headers: More headers.
        values: What the template shows.
    """
    text = render(reader, template, **values)
    return Response(text, media_type=PAGE, status_code=status, headers=dict(headers or {}))


def menu_of(reader: Reader) -> list[MenuItem]:
    """The pages that a reader may see, the first one first."""
    return [item for item in MENU if not item.actions or reader.may(*item.actions)]


def render(reader: Reader, template: str, **values: Any) -> str:
    """The text of a page."""
    return (
        environment(reader.language)
        .get_template(template)
        .render(
            reader=reader,
            t=Words(reader),
            assets=ADDRESSES,
            languages=NAMES,
            awaits_review=reader.language in AWAITING_REVIEW,
            menu=menu_of(reader),
            **values,
        )
    )


def message(reader: Reader, text: str) -> str:
    """A message of the catalogs in the reader's language."""
    return catalog(reader.language).gettext(text)
