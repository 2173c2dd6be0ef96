"""Where a text answers a query, for marks in what people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from blo_domain.search.query import QueryTerm, SearchQuery
from blo_domain.search.tokens import TextToken, is_in_rough_form, rough_form, tokens

EXCERPT: Final = 160
"""Characters of an excerpt, without the dots at its ends."""


class TextSpan(NamedTuple):
    """A part of a text, from ``start`` up to ``end``, in characters."""

    start: int
    end: int


class Excerpt(NamedTuple):
    """A part of a text around its first mark.

    Attributes:
        text: The part, with dots where something is left out.
        spans: The marks in it.
    """

    text: str
    spans: tuple[TextSpan, ...]


def spans(text: str, query: SearchQuery) -> list[TextSpan]:
    """The parts of a text that answer a term of the query, joined where they touch."""
    if not _may_answer(text, query):
        return []
    parts = list(tokens(text))
    folded = [part.folded for part in parts]
    marks = sorted(mark for term in query.terms for mark in _marks(parts, folded, term))
    joined: list[TextSpan] = []
    for mark in marks:
        if joined and mark.start <= joined[-1].end:
            joined[-1] = TextSpan(joined[-1].start, max(joined[-1].end, mark.end))
        else:
            joined.append(mark)
    return joined


def excerpt(text: str, marks: Iterable[TextSpan], length: int = EXCERPT) -> Excerpt:
    """The part of a text around its first mark.

    Args:
        text: The text.
        marks: Its marks, ascending.
        length: Characters to show at most.
    """
    known = list(marks)
    first = known[0].start if known else 0
    start = max(0, min(first - length // 4, len(text) - length))
    end = start + length
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shift = len(before) - start
    shown = tuple(
        TextSpan(max(mark.start, start) + shift, min(mark.end, end) + shift)
        for mark in known
        if mark.start < end and mark.end > start
    )
    return Excerpt(f"{before}{text[start:end]}{after}", shown)


def _may_answer(text: str, query: SearchQuery) -> bool:
    """Whether a text must be parted into words to know; most texts that answer nothing need not."""
    rough = rough_form(text)
    return any(
        term.compound or all(word in rough or not is_in_rough_form(word) for word in term.folded)
        for term in query.terms
    )


def _marks(parts: list[TextToken], folded: list[str], term: QueryTerm) -> Iterator[TextSpan]:
    *before, last = term.folded
    for at in range(len(before), len(parts)):
        word = folded[at]
        answers = word.startswith(last) if term.is_beginning else word == last
        if answers and folded[at - len(before) : at] == before:
            yield TextSpan(parts[at - len(before)].start, parts[at].end)
    if term.compound:
        yield from _compound_marks(parts, term)


def _compound_marks(parts: list[TextToken], term: QueryTerm) -> Iterator[TextSpan]:
    """Runs of tokens whose forms, written together, are the term without separators."""
    for at, token in enumerate(parts):
        joined = token.folded
        for last in range(at + 1, len(parts)):
            if not term.compound.startswith(joined):
                break
            joined += parts[last].folded
            if joined == term.compound or (term.is_beginning and joined.startswith(term.compound)):
                yield TextSpan(token.start, parts[last].end)
                break
