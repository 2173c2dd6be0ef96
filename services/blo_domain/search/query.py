"""What a person searches for, and the expression that an FTS5 index is asked with.

All terms must be there, in any order. A term is a word, or a phrase: what stands in quotation marks,
or together without a space, such as two Chinese characters or ``527/BC-UBND``. The last word may be
the beginning of a longer one, so that results appear as one types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from blo_domain.errors import DomainError
from blo_domain.search.tokens import TextToken, compounds, tokens

MAX_QUERY: Final = 200
"""Characters of a query."""

MAX_TERMS: Final = 16

MIN_BEGINNING: Final = 3
"""A last word of so many letters may be the beginning of a longer one."""

_CHUNKS: Final = re.compile(r"[\"“”]([^\"“”]*)[\"“”]?|([^\s\"“”]+)")


class SearchRefused(DomainError):
    """A query that cannot be searched for; ``str()`` says what to type instead."""


class QueryTerm(NamedTuple):
    """A word or a phrase of a query.

    Attributes:
        tokens: Its tokens, in order.
        is_beginning: Whether the last token may be the beginning of a longer one.
        compound: The term without separators, if it holds a digit; otherwise empty.
    """

    tokens: tuple[TextToken, ...]
    is_beginning: bool
    compound: str

    @property
    def folded(self) -> tuple[str, ...]:
        """The folded forms of the tokens."""
        return tuple(token.folded for token in self.tokens)


class SearchQuery(NamedTuple):
    """A query.

    Attributes:
        terms: Its terms, at least one.
    """

    terms: tuple[QueryTerm, ...]

    @property
    def has_accents(self) -> bool:
        """Whether accents were typed, so that texts with the same accents come first."""
        return any(token.exact != token.folded for term in self.terms for token in term.tokens)

    def match(self) -> str:
        """The FTS5 expression over the columns ``folded`` and ``compound``."""
        return " AND ".join(map(_folded, self.terms))

    def exact_match(self) -> str:
        """The FTS5 expression over the column ``exact``, with the accents as they were typed."""
        return " AND ".join(
            _phrase("exact", [token.exact for token in term.tokens], term.is_beginning)
            for term in self.terms
        )


def parse_query(text: str) -> SearchQuery:
    """Read what a person has typed.

    Raises:
        SearchRefused: It is too long, or holds no letter and no digit.
    """
    if len(text) > MAX_QUERY:
        raise SearchRefused(f"The search has {len(text)} characters; {MAX_QUERY} are possible.")
    terms = tuple(_terms(text))
    if not terms:
        raise SearchRefused("Type a word, a number or a document number to search for.")
    if len(terms) > MAX_TERMS:
        raise SearchRefused(f"The search has {len(terms)} words; {MAX_TERMS} are possible.")
    return SearchQuery(terms)


def _terms(text: str) -> Iterator[QueryTerm]:
    chunks = list(_CHUNKS.finditer(text))
    for match in chunks:
        quoted, plain = match.groups()
        chunk = plain if quoted is None else quoted
        parts = tuple(tokens(chunk))
        if parts:
            # A word with a space behind it is complete; one of two letters begins half of all words.
            is_beginning = quoted is None and match.end() == len(text)
            compound = _compound(chunk, parts)
            is_beginning &= max(len(parts[-1].folded), len(compound)) >= MIN_BEGINNING
            yield QueryTerm(parts, is_beginning, compound)


def _compound(chunk: str, parts: tuple[TextToken, ...]) -> str:
    (*_, joined) = ("", *compounds(chunk))
    if joined:
        return joined
    has_digit = any(char.isdigit() for char in chunk)
    return parts[0].folded if has_digit and len(parts) == 1 else ""


def _folded(term: QueryTerm) -> str:
    words = _phrase("folded", term.folded, term.is_beginning)
    if not term.compound:
        return words
    return f"({words} OR {_phrase('compound', [term.compound], term.is_beginning)})"


def _phrase(column: str, words: list[str] | tuple[str, ...], is_beginning: bool) -> str:
    # Tokens hold letters, digits and marks only, so nothing in them can end the string.
    return f'{column} : "{" ".join(words)}"{" *" if is_beginning else ""}'
