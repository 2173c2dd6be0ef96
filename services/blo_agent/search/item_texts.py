"""The texts of an event or a note that people search in, and their words for the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import Final

from blo_agent.store.tables.search_index import DueItem, IndexedWords
from blo_domain.search.tokens import compounds, tokens
from blo_schemas.bodies import Correction, decode_body
from blo_schemas.content import CONTENT
from blo_schemas.ids import LinkId
from blo_schemas.summary import Kind, Step
from blo_schemas.text_fields import texts_of

MAX_WORDS: Final = 20_000
"""So many words of an item are indexed; the rest of a longer one is not."""

_BORDER: Final = " \ue000 "
"""Between two texts, so that no phrase reaches from one into the other; no query holds it."""


def event_texts(kind: Kind, step: Step, content: bytes) -> Iterator[tuple[str, str]]:
    """The texts of an event's content, each with its field, e.g. ``fields.persons[0].name``.

    Args:
        kind: The case's kind.
        step: What the event did.
        content: The encoded ``Content``.
    """
    decoded = CONTENT.decode(content)
    if decoded.dispatch is not None:
        yield from texts_of(decoded.dispatch, "dispatch")
    if decoded.reason is not None:
        yield "reason", decoded.reason
    body = decode_body(kind, step, decoded.body_version, decoded.body)
    if isinstance(body, Correction):
        body = decode_body(kind, body.corrects, body.body_version, body.body)
    yield from texts_of(body, "fields")


def note_texts(words: str) -> Iterator[tuple[str, str]]:
    """The text of an internal note, with its field."""
    yield "note", words


def item_texts(item: DueItem) -> Iterator[tuple[str, str]]:
    """The texts of an item, each with its field."""
    if item.kind is not None and item.step is not None and item.content is not None:
        yield from event_texts(item.kind, item.step, item.content)
    if item.words is not None:
        yield from note_texts(item.words)


def indexed_words(item: DueItem) -> IndexedWords:
    """What the index holds of an item.

    The event that opens a case is found by the case's id, too, whole or its beginning. Where no
    text has an accent, the exact words are left out: nothing asks for them.
    """
    folded: list[str] = []
    exact: list[str] = []
    joined: list[str] = []
    left = MAX_WORDS
    for _, text in item_texts(item):
        words = list(islice(tokens(text), left))
        left -= len(words)
        folded.append(" ".join(word.folded for word in words))
        exact.append(" ".join(word.exact for word in words))
        if words:
            joined.extend(compounds(text[: words[-1].end]))
    if item.version == 1:
        joined.append(item.case.hex())
    return IndexedWords(
        " ".join([place_of_link(item.link), *place_of_kind(item.kind)]),
        _BORDER.join(folded),
        "" if exact == folded else _BORDER.join(exact),
        " ".join(joined),
    )


def place_of_link(link: LinkId) -> str:
    """The word of a link in the column ``place``."""
    return f"l{sha256(link.encode()).hexdigest()[:16]}"


def place_of_kind(kind: Kind | None) -> Iterable[str]:
    """The word of a kind in the column ``place``; none where the kind is not known."""
    return () if kind is None else (f"k{kind.value}",)
