"""A paper: what it says, without how it looks. Text and PDF are set from the same one."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

LANGUAGES: Final = ("en", "vi", "lo", "zh")

PaperLanguage = Literal["en", "vi", "lo", "zh"]
Emphasis = Literal["plain", "strong", "good", "bad"]


class PaperHeading(msgspec.Struct, frozen=True, tag="heading"):
    """A heading.

    Attributes:
        text: Its words.
        level: 1 for a part of the paper, 2 for what lies in one.
        new_page: Whether a page begins with it.
    """

    text: str
    level: int = 1
    new_page: bool = False


class PaperParagraph(msgspec.Struct, frozen=True, tag="paragraph"):
    """A paragraph.

    Attributes:
        text: Its words.
        emphasis: How much they weigh.
    """

    text: str
    emphasis: Emphasis = "plain"


class PaperFacts(msgspec.Struct, frozen=True, tag="facts"):
    """Names with their values, a row each.

    Attributes:
        rows: The name and the value of each.
    """

    rows: tuple[tuple[str, str], ...]


class PaperList(msgspec.Struct, frozen=True, tag="list"):
    """Sentences, an item each.

    Attributes:
        items: The sentences.
    """

    items: tuple[str, ...]


class PaperEntry(msgspec.Struct, frozen=True):
    """An entry that can be cited by its number.

    Attributes:
        number: Its number.
        lead: Its first line.
        lines: What is said about it.
        emphasis: How much the first line weighs.
    """

    number: int
    lead: str
    lines: tuple[str, ...] = ()
    emphasis: Emphasis = "plain"


class PaperEntries(msgspec.Struct, frozen=True, tag="entries"):
    """Numbered entries.

    Attributes:
        entries: The entries.
    """

    entries: tuple[PaperEntry, ...]


class PaperTable(msgspec.Struct, frozen=True, tag="table"):
    """A table.

    Attributes:
        heads: The columns' headings.
        rows: The cells of each row, as many as there are headings.
        right: The indices of the columns that are set to the right.
        wide: The indices of the columns that take what width is left.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    wide: tuple[int, ...] = ()


class PaperCode(msgspec.Struct, frozen=True, tag="code"):
    """A QR code with what stands beside it.

    Attributes:
        letters: What the code says: digits, capitals and `` $%*+-./:``. Only the PDF shows it.
        lines: What is said about it.
    """

    letters: str
    lines: tuple[str, ...]


class PaperSignatures(msgspec.Struct, frozen=True, tag="signatures"):
    """Places to sign, side by side.

    Attributes:
        places: For whom each is, and the name that is printed below it; at most three.
    """

    places: tuple[tuple[str, str], ...]


PaperBlock = (
    PaperHeading
    | PaperParagraph
    | PaperFacts
    | PaperList
    | PaperEntries
    | PaperTable
    | PaperCode
    | PaperSignatures
)


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A paper.

    Attributes:
        language: The language of its headings, for the line breaks of the PDF.
        title: Its title.
        subtitle: A line below it; empty: none.
        date: When it was made, Unix milliseconds; the PDF's own date.
        page: The word for a page, at the foot of each.
        mark: What stands at the head of every page, such as how it may be used; empty: nothing.
        blocks: What it says, in order.
    """

    language: PaperLanguage
    title: str
    subtitle: str = ""
    date: int
    page: str
    mark: str = ""
    blocks: tuple[PaperBlock, ...]
