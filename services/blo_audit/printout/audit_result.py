"""An audit's result as a paper for a file: of a replay, and of a bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from blo_audit.bundle.statement import BundleReport, scope_words
from blo_audit.findings.codes import Severity
from blo_audit.findings.findings import Finding
from blo_audit.printout.contents import content_blocks
from blo_audit.replay.statement import LinkStatement, ReplayStatement, not_proved, proved
from blo_domain.translations import PAPERS, translated
from blo_printout.facts import Times
from blo_printout.model import (
    Emphasis,
    Paper,
    PaperBlock,
    PaperEntries,
    PaperEntry,
    PaperFacts,
    PaperHeading,
    PaperLanguage,
    PaperList,
    PaperParagraph,
    PaperTable,
)
from blo_schemas.ids import CountryId, DocumentId, OfficeId

_EMPHASIS: Mapping[Severity, Emphasis] = {
    Severity.BREACH: "bad",
    Severity.DOUBT: "strong",
    Severity.NOTE: "plain",
}


class PaperSetting(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances in which an audit's paper is made.

    Attributes:
        language: The reader's language.
        times: Writes instants.
        date: When the audit was done, Unix milliseconds.
        tool: The program and its version.
        pins: The pinned roots.
        auditor: Who signs the paper; ``None``: nobody does.
        auditor_key: The public key of its signature.
    """

    language: PaperLanguage
    times: Times
    date: int
    tool: str
    pins: Mapping[CountryId, DocumentId]
    auditor: OfficeId | None = None
    auditor_key: bytes = b""

    def word(self, name: str) -> str:
        """A word of papers in the reader's language."""
        return translated(PAPERS, name, self.language)


class _Judged(Protocol):
    """The result of an audit: its findings, and whether they are harmless."""

    @property
    def findings(self) -> tuple[Finding, ...]: ...

    @property
    def clean(self) -> bool: ...

    def count(self, severity: Severity) -> int: ...


def replay_paper(report: ReplayStatement, setting: PaperSetting) -> Paper:
    """The paper about a replay.

    Args:
        report: The replay's result.
        setting: How the paper is made.
    """
    word = setting.word
    facts = [(word("read"), report.source), (word("mode"), str(report.mode))]
    blocks = [PaperFacts(tuple(_head(setting) + facts)), *_summary(report, setting)]
    blocks += _all_links(report.links, setting)
    common = _common(report.links)
    for link in report.links:
        blocks += _link(link, common, setting)
    return _paper(word("audit"), blocks, setting)


def bundle_paper(report: BundleReport, setting: PaperSetting) -> Paper:
    """The paper about a bundle.

    Args:
        report: What the bundle proves.
        setting: How the paper is made.
    """
    word = setting.word
    facts = [
        (word("file"), report.name),
        (word("digest"), report.digest),
        (word("scope"), scope_words(report.manifest)),
    ]
    blocks = [PaperFacts(tuple(_head(setting) + facts)), *_summary(report, setting)]
    if report.whole is not None:
        blocks += [PaperHeading(report.whole.link), _size(report.whole, setting)]
    blocks += _sentences(word("proved"), report.proved, setting)
    blocks += _sentences(word("not_proved"), report.not_proved, setting)
    if report.disclosing.contents:
        blocks.append(PaperHeading(word("contents"), new_page=True))
    for content in report.disclosing.contents:
        blocks += content_blocks(content, setting.language, setting.times)
    return _paper(word("bundle_audit"), blocks, setting)


def _paper(title: str, blocks: Sequence[PaperBlock], setting: PaperSetting) -> Paper:
    return Paper(
        language=setting.language,
        title=title,
        date=setting.date,
        page=setting.word("page"),
        blocks=tuple(blocks),
    )


def _head(setting: PaperSetting) -> list[tuple[str, str]]:
    word = setting.word
    pins = sorted(setting.pins.items())
    signer = word("unsigned") if setting.auditor is None else setting.auditor
    facts = [
        (word("audited_on"), setting.times(setting.date)),
        (word("tool"), setting.tool),
        *((word("pinned").format(country), pin.hex()) for country, pin in pins),
        (word("auditor"), signer),
    ]
    if setting.auditor is not None:
        facts.append((word("auditor_key"), setting.auditor_key.hex()))
    return facts


def _summary(report: _Judged, setting: PaperSetting) -> Iterator[PaperBlock]:
    word = setting.word
    yield PaperHeading(word("summary"))
    yield PaperTable(
        heads=(word("severity"), word("number_of"), word("meaning")),
        rows=tuple(
            (word(severity), f"{report.count(severity):,}", word(f"{severity}_means"))
            for severity in Severity
        ),
        right=(1,),
        wide=(2,),
    )
    if report.clean:
        yield PaperParagraph(word("all_well"), "good")
    else:
        counts = (f"{report.count(severity):,}" for severity in (Severity.BREACH, Severity.DOUBT))
        yield PaperParagraph(word("wrong").format(*counts), "bad")
    if word("language_note"):
        yield PaperParagraph(word("language_note"))
    if report.findings:
        yield PaperHeading(word("findings"))
        yield PaperEntries(
            tuple(
                _entry(number, finding, setting)
                for number, finding in enumerate(report.findings, start=1)
            )
        )


def _entry(number: int, finding: Finding, setting: PaperSetting) -> PaperEntry:
    lines = [finding.meaning.means]
    if finding.severity is not Severity.NOTE:
        lines.append(setting.word("todo").format(finding.meaning.todo))
    return PaperEntry(number, str(finding), tuple(lines), _EMPHASIS[finding.severity])


def _all_links(links: Sequence[LinkStatement], setting: PaperSetting) -> Iterator[PaperBlock]:
    """The links in one table, and once what is not proved of any of them."""
    word = setting.word
    if not links:
        return
    yield PaperHeading(word("links"))
    yield PaperTable(
        heads=(word("link"), word("records"), word("from"), word("to")),
        rows=tuple(
            (
                link.link,
                f"{link.records:,}",
                "" if link.first_log_time is None else setting.times(link.first_log_time),
                "" if link.last_log_time is None else setting.times(link.last_log_time),
            )
            for link in links
        ),
        right=(1,),
        wide=(2, 3),
    )
    common = _common(links)
    if common:
        yield PaperHeading(word("for_all_links"))
        yield PaperParagraph(word("not_proved"), "strong")
        yield PaperList(tuple(common))


def _common(links: Sequence[LinkStatement]) -> list[str]:
    """The sentences on what is not proved that are the same for all of several links."""
    if len(links) < 2:
        return []
    first, *others = (not_proved(link) for link in links)
    return [sentence for sentence in first if all(sentence in other for other in others)]


def _link(
    link: LinkStatement, common: Sequence[str], setting: PaperSetting
) -> Iterator[PaperBlock]:
    word = setting.word
    yield PaperHeading(link.link)
    yield _size(link, setting)
    yield from _sentences(word("proved"), proved(link), setting)
    own = [sentence for sentence in not_proved(link) if sentence not in common]
    if own or not common:
        yield from _sentences(word("not_proved"), own, setting)


def _size(link: LinkStatement, setting: PaperSetting) -> PaperFacts:
    word = setting.word
    return PaperFacts(
        (
            (word("records"), f"{link.records:,}"),
            (word("log_hash"), link.log_hash),
            (word("tree_root"), link.tree_root),
        )
    )


def _sentences(title: str, sentences: Sequence[str], setting: PaperSetting) -> Iterator[PaperBlock]:
    yield PaperHeading(title, level=2)
    yield PaperList(tuple(sentences) or (setting.word("nothing"),))
