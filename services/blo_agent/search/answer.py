"""Answers a search: what the index finds, as far as the actor reaches it, a page at a time.

Texts with the accents that were typed come first, then those that differ in accents; the newest
first in each. Runs in a reader's thread, on one state of the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Annotated, Final, NamedTuple

import msgspec

from blo_agent.office.link_status import is_withheld
from blo_agent.people.access import Actor, sees_case
from blo_agent.search.item_texts import event_texts, note_texts, place_of_kind, place_of_link
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import drafts, events, search_index
from blo_agent.store.tables.search_index import Match
from blo_domain.search.highlights import Excerpt, excerpt, spans
from blo_domain.search.query import SearchQuery
from blo_schemas.codec import Codec
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.instants import local
from blo_schemas.summary import Kind

MAX_LOOKED_AT: Final = 1_000
"""So many rows of the index a page looks at, whatever the actor reaches of them."""

MAX_EXCERPTS: Final = 3
"""So many excerpts a hit has at most."""


class SearchFilter(msgspec.Struct, frozen=True):
    """Which hits are wanted.

    Attributes:
        link: Only of this link.
        kind: Only of cases of this kind.
        state: Only of cases that are in this state now.
        first: Only from this business date on; of a note, the day on which it was written.
        last: Only up to and with this date.
    """

    link: LinkId | None = None
    kind: Kind | None = None
    state: str | None = None
    first: date | None = None
    last: date | None = None


class MarkedText(msgspec.Struct, frozen=True):
    """A field of a hit that answers the query, with the part to show and its marks."""

    field: str
    excerpt: Excerpt


class SearchHit(msgspec.Struct, frozen=True):
    """An event or a note that answers a query.

    Attributes:
        match: Its place.
        event: The event.
        note: The note.
        texts: The fields that answer.
    """

    match: Match
    event: events.EventRow | None
    note: drafts.NoteRow | None
    texts: tuple[MarkedText, ...]


class SearchPage(msgspec.Struct, frozen=True):
    """A page of hits.

    Attributes:
        hits: The hits; possibly fewer than wanted, or none, although there is a next page.
        next: The place behind which the next page begins; ``None``: this was the last one.
        due: How many events and notes are not indexed yet.
    """

    hits: tuple[SearchHit, ...]
    next: SearchPlace | None
    due: int


class SearchPlace(NamedTuple):
    """The place of a hit: its rank, 0 with the accents as typed, and its row in the index."""

    rank: Annotated[int, msgspec.Meta(ge=0, le=1)]
    row: Annotated[int, msgspec.Meta(ge=0, le=search_index.LAST)]


SEARCH_PLACE: Final = Codec(SearchPlace)


def search_page(
    snapshot: Snapshot,
    actor: Actor,
    query: SearchQuery,
    wanted: SearchFilter,
    after: SearchPlace | None,
    size: int,
) -> SearchPage:
    """One page of what answers a query.

    Args:
        snapshot: The store.
        actor: Who asks; gets nothing of a case that lies beyond what the actor reaches.
        query: The query.
        wanted: Which hits are wanted.
        after: The place behind which the page begins; ``None``: at the beginning.
        size: How many hits are wanted.
    """
    place = after or SearchPlace(0, search_index.LAST)
    if not query.has_accents:
        place = place._replace(rank=1)
    is_shown = _filter(snapshot, actor, wanted)
    left = MAX_LOOKED_AT
    hits: list[SearchHit] = []
    while True:
        looked_at = 0
        for match in search_index.matches(
            snapshot, _expression(query, wanted, place.rank), place.row, left
        ):
            if len(hits) == size:
                return _page(snapshot, hits, place)
            looked_at += 1
            place = SearchPlace(place.rank, match.id)
            if is_shown(match):
                hits.append(_hit(snapshot, match, query))
        left -= looked_at
        if left <= 0:
            return _page(snapshot, hits, place)
        if place.rank == 1:
            return _page(snapshot, hits, None)
        place = SearchPlace(1, search_index.LAST)


def _page(snapshot: Snapshot, hits: list[SearchHit], place: SearchPlace | None) -> SearchPage:
    return SearchPage(tuple(hits), place, search_index.count_due(snapshot))


def _expression(query: SearchQuery, wanted: SearchFilter, rank: int) -> str:
    """The FTS5 expression of a rank: with the accents as typed, or without them."""
    parts = [f"({query.match()})"]
    words = [] if wanted.link is None else [place_of_link(wanted.link)]
    words += place_of_kind(wanted.kind)
    parts += [f'place : "{word}"' for word in words]
    if query.has_accents and rank == 0:
        parts.append(f"({query.exact_match()})")
    expression = " AND ".join(parts)
    if query.has_accents and rank == 1:
        return f"({expression}) NOT ({query.exact_match()})"
    return expression


def _filter(snapshot: Snapshot, actor: Actor, wanted: SearchFilter) -> Callable[[Match], bool]:
    """Whether a match is shown to the actor: reached, not withheld, and wanted."""
    first = None if wanted.first is None else wanted.first.isoformat()
    last = None if wanted.last is None else wanted.last.isoformat()

    @cache
    def is_open(link: LinkId) -> bool:
        return not is_withheld(snapshot, link)

    @cache
    def is_reached(link: LinkId, case: CaseId, kind: Kind | None) -> bool:
        return sees_case(snapshot, actor, link, case, kind)

    def is_shown(match: Match) -> bool:
        day = _day(match)
        return (
            (wanted.state is None or match.state == wanted.state)
            and (first is None or (day is not None and day >= first))
            and (last is None or (day is not None and day <= last))
            and is_open(match.link)
            and is_reached(match.link, match.case, match.kind)
        )

    return is_shown


def _day(match: Match) -> str | None:
    if match.note_at is not None:
        return local(match.note_at).date().isoformat()
    return match.on


def _hit(snapshot: Snapshot, match: Match, query: SearchQuery) -> SearchHit:
    event = note = None
    if match.item >= 0:
        event = events.at(snapshot, match.link, match.item)
    else:
        note = drafts.note(snapshot, -match.item)
    return SearchHit(match, event, note, tuple(_marked(event, note, query)))


def _texts(event: events.EventRow | None, note: drafts.NoteRow | None) -> Iterator[tuple[str, str]]:
    if event is not None and event.content is not None:
        yield from event_texts(event.kind, event.step, event.content)
    if note is not None:
        yield from note_texts(note.words)


def _marked(
    event: events.EventRow | None, note: drafts.NoteRow | None, query: SearchQuery
) -> Iterator[MarkedText]:
    count = 0
    for field, text in _texts(event, note):
        marks = spans(text, query)
        if marks:
            yield MarkedText(field, excerpt(text, marks))
            count += 1
        if count == MAX_EXCERPTS:
            return
