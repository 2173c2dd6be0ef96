"""The part of a replay that rests on the auditor's earlier statement, as a value and in words."""

from __future__ import annotations

import msgspec

from blo_audit.replay.clocks import instant
from blo_audit.replay.seam import ReadStretch
from blo_audit.replay.signatures import Mode

_MILLION = 1_000_000


class EarlierReading(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a link that was not read again, because the auditor had read it before.

    Attributes:
        size: How many records from the first.
        reread: How many of them were read again all the same, and are as they were.
        made_at: When the auditor stated it, by its clock, Unix milliseconds.
        statement: The digest of its statement, in hex.
        stretches: How these records were read, in order.
    """

    size: int
    reread: int
    made_at: int
    statement: str
    stretches: tuple[ReadStretch, ...]

    @property
    def is_verified(self) -> bool:
        """Whether every signature of these records was verified."""
        return all(stretch.mode is Mode.FULL for stretch in self.stretches)


def rests_on(earlier: EarlierReading, accepted: int) -> list[str]:
    """What was read now, and what rests on which earlier reading, one sentence each.

    Args:
        earlier: The earlier reading.
        accepted: How many records count, of all.
    """
    sentences = [
        (
            f"Every record from {earlier.size:,} on was read and hashed now, and its place in its "
            "office's chain and what its writer had seen were checked."
        ),
        (
            f"The {earlier.size:,} records before rest on this auditor's own statement "
            f"{earlier.statement[:16]}… of {instant(earlier.made_at)}, whose signature is good; "
            f"{accepted:,} of all records count, as far as that can be told without opening them."
        ),
        *map(_stretch_words, earlier.stretches),
    ]
    if earlier.reread:
        sentences.append(
            f"{earlier.reread:,} of these records were read again, the first one and those before "
            f"record {earlier.size:,}, and are as they were."
        )
    return sentences


def signatures_words(earlier: EarlierReading | None) -> str:
    """What full mode says of signatures."""
    if earlier is None:
        return "Every signature of every record was verified."
    if earlier.is_verified:
        return "Every signature of every record was verified, now or by an earlier replay."
    return f"Every signature of every record from {earlier.size:,} on was verified."


def not_read_again(earlier: EarlierReading) -> list[str]:
    """What was not proved, because it was not read again, one sentence each."""
    left = earlier.size - earlier.reread
    if not left:
        return []
    return [
        (
            f"{left:,} of the records before record {earlier.size:,} were not read again: that the log "
            "still has them as they were read is the word of the offices whose heads cover more."
        )
    ]


def _stretch_words(stretch: ReadStretch) -> str:
    how = "verifying every signature"
    if stretch.mode is Mode.AMORTISED:
        share = (
            "no sample"
            if not stretch.share
            else f"a sample of one in {_MILLION / stretch.share:,.0f}"
        )
        how = f"verifying {share} (seed {stretch.seed})"
    return (
        f"Records {stretch.first:,} to {stretch.end - 1:,} were read on {instant(stretch.made_at)} "
        f"from {stretch.source}, {how}."
    )
