"""Who reads a page: the language, the office's zone, as whom, and the guard that finds it out."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Final, NamedTuple, cast

from litestar import Request
from litestar.handlers import BaseRouteHandler

from blo_agent.api.app import Entrance
from blo_agent.api.identity import Connection, actor_of, session_of
from blo_agent.office.case_clocks import UTC_NAME, terms_of_link, zone_of
from blo_agent.office.viewer import viewer
from blo_agent.people.access import Actor, answer_of
from blo_agent.people.accounts import account_of
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot
from blo_desk.languages import NAMES, SOURCE, known_language, preferred
from blo_domain.people.permissions import Action, Permission
from blo_domain.trust import TrustedDirectory
from blo_schemas.ids import OfficeId
from blo_schemas.instants import local
from blo_schemas.people import PersonId
from blo_schemas.texts import zone_from

READER: Final = "blo.reader"
"""The key of an ASGI scope with the ``Reader``."""

LANGUAGE_FIELD: Final = "language"
"""In which language somebody who is not logged in reads: a field of addresses and forms."""

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_OWN_PAGES: Final = "same-origin"


class Reader(NamedTuple):
    """Who reads a page.

    Attributes:
        language: One of the desk's languages.
        office: The office's name on this day.
        zone_name: The IANA name of the office's zone.
        now: The office's clock, Unix milliseconds.
        actor: As whom the reader acts; ``None``: nobody is logged in.
        name: The person's name.
        csrf: The secret of the session's forms.
        path: The address that was asked for, with its query.
        office_id: The office.
        directory: The trust documents, for the names of offices.
    """

    language: str
    office: str
    zone_name: str
    now: int
    actor: Actor | None = None
    name: str = ""
    csrf: str = ""
    path: str = "/"
    office_id: OfficeId = OfficeId("")
    directory: TrustedDirectory | None = None

    @property
    def zone(self) -> tzinfo:
        """The office's zone."""
        return zone_from(self.zone_name)

    @property
    def person(self) -> PersonId:
        """The person's id; empty: nobody is logged in."""
        return "" if self.actor is None else self.actor.person or ""

    def may(self, *actions: str) -> bool:
        """Whether the reader may do any of these things, perhaps with approval."""
        actor = self.actor
        return actor is not None and any(
            answer_of(actor, Action(action)) is not Permission.REFUSED for action in actions
        )


class PageGuard:
    """The guard of the pages: the gate of the node's API, and who reads.

    A request that changes something must come from the desk's own pages also before anybody is
    logged in, so that no other site logs a person in as somebody else.

    Args:
        door: The entrance to the node.
    """

    def __init__(self, door: Entrance) -> None:
        self._door = door

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Let through who may; in any case note who reads.

        Raises:
            PeopleRefused: Nobody is recognised, the actor may not, or another site has sent this.
        """
        scope = cast("dict[str, Any]", connection.scope)
        scope[READER] = self.stranger(connection)
        if scope["method"] not in _SAFE:
            check_own_page(connection)
        try:
            await self._door.gate(connection, handler)
        finally:
            session = session_of(connection)
            if session is not None:
                scope[READER] = await self._person(scope[READER], session.actor, session.row.csrf)
        if not handler.opt.get("is_open") and actor_of(connection).person is None:
            # The node's socket and tokens are for programs.
            raise refused(PeopleRefusal.NOT_LOGGED_IN, "pages are for people who are logged in")

    def stranger(self, connection: Connection) -> Reader:
        """A reader of whom only the browser is known."""
        wanted = connection.query_params.get(LANGUAGE_FIELD, "")
        asked = preferred(connection.headers.get("accept-language", ""))
        query = connection.scope["query_string"].decode("latin-1")
        language = wanted if wanted in NAMES else asked
        path = connection.scope["path"] + (f"?{query}" if query else "")
        return self._placed(Reader(language, "", "", self._door.agent.clock.now_ms(), path=path))

    async def _person(self, stranger: Reader, actor: Actor, csrf: bytes) -> Reader:
        assert actor.person is not None
        person = actor.person

        def query(snapshot: Snapshot) -> tuple[str, str]:
            member = account_of(snapshot, person).member
            return member.name, member.language

        name, language = await self._door.agent.store.read(query)
        reader = stranger._replace(
            language=known_language(language), actor=actor, name=name, csrf=csrf.hex()
        )
        return self._placed(reader)

    def _placed(self, reader: Reader) -> Reader:
        """The reader with the office's name and zone, as the trust documents have them now."""
        at = viewer(self._door.agent.office)
        zones = (zone_of(at.id, terms_of_link(at.directory, link)) for link in at.links)
        zone_name = next((zone for zone in zones if zone != UTC_NAME), UTC_NAME)
        today = local(reader.now, zone_from(zone_name)).date()
        office = at.directory.name(at.id, today, reader.language)
        return reader._replace(
            office=office, zone_name=zone_name, office_id=at.id, directory=at.directory
        )


def check_own_page(connection: Connection) -> None:
    """Refuse a change that does not come from the desk's own pages.

    Raises:
        PeopleRefused: The browser says that another site has sent it.
    """
    site = connection.headers.get("sec-fetch-site", _OWN_PAGES)
    origin = connection.headers.get("origin")
    own = f"{connection.scope['scheme']}://{connection.headers.get('host', '')}"
    if site != _OWN_PAGES or origin not in (None, own):
        raise refused(
            PeopleRefusal.NOT_ALLOWED, "this request does not come from the node's own pages"
        )


def reader_of(connection: Connection) -> Reader:
    """Who reads the answer to a request; a stranger, where no handler was found for it."""
    scope = cast("dict[str, Any]", connection.scope)
    known: Reader | None = scope.get(READER)
    if known is None:
        language = preferred(connection.headers.get("accept-language", ""))
        known = Reader(language or SOURCE, "", UTC_NAME, 0)
    return known


def person_of(request: Request[Any, Any, Any]) -> PersonId:
    """The person who has sent a request.

    Raises:
        PeopleRefused: Nobody is logged in.
    """
    actor = actor_of(request)
    if actor.person is None:
        raise refused(PeopleRefusal.NOT_LOGGED_IN, "log in")
    return actor.person
