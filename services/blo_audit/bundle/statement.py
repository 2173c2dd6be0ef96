"""The result of the verification of a bundle, as a value and in words."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from blo_audit.bundle.disclosures import ShownContent
from blo_audit.bundle.files import FileProof
from blo_audit.findings.codes import Severity
from blo_audit.findings.findings import Finding, count_of, is_clean
from blo_audit.replay.clocks import instant
from blo_audit.replay.statement import LinkStatement, not_proved, proved
from blo_schemas.bundle import Manifest, Scope
from blo_schemas.ids import OfficeId


class DisclosureProof(msgspec.Struct, frozen=True, kw_only=True):
    """The disclosed events of a bundle.

    Attributes:
        opened: How many events were opened, each to what its writer sealed and signed.
        alone: How many of them only their writer discloses.
        unshown: How many of them are not among ``contents``, for want of room.
        contents: What they say, by position.
    """

    opened: int
    alone: int
    unshown: int
    contents: tuple[ShownContent, ...]


class SelectionProof(msgspec.Struct, frozen=True, kw_only=True):
    """The result for a selection.

    Attributes:
        size: How many records the tree is over.
        root: Its root, in hex; ``None``: nobody has signed one.
        rests_on: Who signed the tree, in words; ``None``: nobody.
        quorum: Whether a witness and all parties have signed it.
        records: How many records the bundle has.
        proven: How many of them lie in that tree.
        authentic: How many of these their office has signed, by office.
        first: Position of the first of them.
        last: Position of the last of them.
        log_times: Log times of the earliest and the latest.
    """

    size: int
    root: str | None
    rests_on: str | None
    quorum: bool
    records: int
    proven: int
    authentic: Mapping[OfficeId, int]
    first: int | None
    last: int | None
    log_times: tuple[int, int] | None


class BundleReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of verifying a bundle.

    Attributes:
        name: The file, as it was named.
        digest: The digest at its end, in hex: two bundles with one digest are the same.
        manifest: Its manifest.
        whole: What was proved of a whole link; ``None``: it is a selection.
        selected: What was proved of a selection; ``None``: it is a whole link.
        disclosing: What was disclosed.
        findings: What was found, the gravest first.
        files: The files that disclosed events enclose, whose bytes are those that were sealed.
    """

    name: str
    digest: str
    manifest: Manifest
    whole: LinkStatement | None
    selected: SelectionProof | None
    disclosing: DisclosureProof
    findings: tuple[Finding, ...]
    files: tuple[FileProof, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings there are of a severity."""
        return count_of(self.findings, severity)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong: no breach and no doubt."""
        return is_clean(self.findings)

    @property
    def proved(self) -> list[str]:
        """What was proved, one sentence each."""
        sentences = [] if self.whole is None else proved(self.whole)
        if self.selected is not None:
            sentences += _proved_of_selection(self.manifest, self.selected)
        if self.disclosing.opened:
            sentences.append(
                f"The contents of {self.disclosing.opened:,} events were disclosed and opened: each "
                "is exactly what lies sealed under the record's signature."
            )
        if self.files:
            named = "; ".join(f"{file.name} ({file.sha256[:16]}…)" for file in self.files)
            sentences.append(
                f"These files are, byte for byte, those that disclosed events enclose: {named}."
            )
        return sentences

    @property
    def not_proved(self) -> list[str]:
        """What was not proved, one sentence each."""
        if self.whole is not None:
            sentences = not_proved(self.whole)
        else:
            assert self.selected is not None
            sentences = _not_proved_of_selection(self.manifest, self.selected)
        disclosures = self.disclosing
        if disclosures.alone:
            sentences.append(
                f"{disclosures.alone:,} disclosed events are disclosed by their writer alone: that "
                "the other offices were given the key that opens them is not shown."
            )
        if disclosures.unshown:
            sentences.append(
                f"{disclosures.unshown:,} disclosed events were opened and checked, and are too "
                "large together to be shown: make a bundle with fewer."
            )
        sentences.append(
            "Trust documents are those in the bundle: a revocation that was left out is not seen. "
            "Ask both countries whether they have revoked any of the keys used here."
        )
        return sentences


def scope_words(manifest: Manifest) -> str:
    """The scope that a bundle states, in words."""
    match manifest.scope:
        case Scope.CASE:
            return f"case {(manifest.case or b'').hex()} on {manifest.link}"
        case Scope.LOG_TIME:
            period = f"{instant(manifest.start or 0)} to {instant(manifest.end or 0)}"
            return f"{manifest.link}, log time from {period}"
        case Scope.BUSINESS_DATE:
            return f"{manifest.link}, business date {manifest.first_day} to {manifest.last_day}"
        case Scope.LINK_END:
            return f"the records of {manifest.link} from {manifest.first:,} on"
        case _:
            return f"the whole link {manifest.link}"


def _proved_of_selection(manifest: Manifest, selected: SelectionProof) -> list[str]:
    if selected.root is None or not selected.proven:
        return []
    sentences = [
        (
            f"{selected.proven:,} of {selected.records:,} records of {manifest.link}, from position {selected.first} "
            f"to {selected.last}, each lie at their position in the log's tree of {selected.size:,} records with "
            f"the root {selected.root}."
        ),
        f"That tree rests on {selected.rests_on}.",
    ]
    if selected.authentic:
        offices = ", ".join(
            f"{count:,} by {office}" for office, count in selected.authentic.items()
        )
        sentences.append(
            f"Signatures and sealed parts were verified, with certificates and an agreement that "
            f"counted: {offices}."
        )
    if (
        selected.last is not None
        and selected.first is not None
        and selected.last - selected.first + 1 == selected.proven
    ):
        sentences.append("No record between the first and the last is missing.")
    return sentences


def _not_proved_of_selection(manifest: Manifest, selected: SelectionProof) -> list[str]:
    sentences = []
    if selected.root is not None and not selected.quorum:
        sentences.append(
            "There is no checkpoint that a witness and all parties signed: the tree rests on "
            f"{selected.rests_on}."
        )
    selection = {
        Scope.CASE: "the case",
        Scope.LOG_TIME: "the period",
        Scope.BUSINESS_DATE: "the days",
    }[manifest.scope]
    sentences += [
        (
            f"Whether these are all records of {selection}: a proof shows that a record is in the log, "
            "never that another is not. A bundle of the whole link shows it."
        ),
        (
            "Whether an office's chain is whole and what the writers had read: the records between "
            "are not here, so an event that was sent twice or follows a refused one is not told."
        ),
        (
            "What the records do: steps were not judged, for that needs the whole link and its "
            "summary keys. So it is not told either which contents are gone by agreement "
            "(shredding)."
        ),
        (
            "Log times are the word of the broker and of whoever made the bundle: no proof covers "
            "them. The signed times beside them are the offices'."
        ),
        "Whether what the offices wrote is true.",
    ]
    return sentences
