"""The statement of an audit: what it proved and what it did not, as values and in words.

An empty list of findings may also mean that nothing was checked; the statement tells the two apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from blo_audit.findings.codes import Severity
from blo_audit.findings.findings import Finding, count_of, is_clean
from blo_audit.replay.clocks import instant
from blo_audit.replay.earlier_words import (
    EarlierReading,
    not_read_again,
    rests_on,
    signatures_words,
)
from blo_audit.replay.signatures import Mode, unseen
from blo_schemas.ids import LinkId, OfficeId

ODDS: Final = (1, 10, 100, 1000)
"""The odds are given for these numbers of forged records."""


_READ: Final = (
    "Every record was read and hashed, and its place in its office's chain and what its writer had "
    "seen were checked; {:,} of them count, as far as that can be told without opening them."
)
_NO_KEYS: Final = (
    "Without summary keys nothing was proved of what the records do: steps, case views and the "
    "view digests in heads were not judged, nor can be told which contents are gone by agreement "
    "(shredding)."
)
_LOG_TIMES: Final = "Log times are the broker's word, within what the offices' signed times allow."
_SIMULATED: Final = (
    "Time is simulated here: the writers put the log times of a scenario, so no clock was compared "
    "with another, and nothing is proved of when anything was written."
)
_SHREDDED_IN_WORDS: Final = 50
"""So many shredded cases are named in words; the values name all."""


class StatementReach(msgspec.Struct, frozen=True):
    """The reach of an office's signed statements about a link.

    Attributes:
        office: The office.
        head: Size of its newest head that fits this log; ``None``: there is none.
        upto: How many records from the first it has signed to have read: by that head, or by its
            newest verified event.
        after: How many records follow.
    """

    office: OfficeId
    head: int | None
    upto: int
    after: int


class ConfirmedClaim(msgspec.Struct, frozen=True):
    """An office's signed word that it deleted the contents of a case.

    Attributes:
        office: The office.
        position: Where it stands.
    """

    office: OfficeId
    position: int


class ShreddedCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case whose contents all offices agreed to delete (ADR 7).

    Attributes:
        case: The case, in hex.
        agreed_at: Position of the last consent, which agreed it.
        agreed_time: Its log time, Unix milliseconds.
        agreed_by: Whose consents they are, in the order of the log.
        confirmed: Who signed since that it deleted them, in the order of the log.
        missing: Who agreed and has not signed that.
    """

    case: str
    agreed_at: int
    agreed_time: int
    agreed_by: tuple[OfficeId, ...]
    confirmed: tuple[ConfirmedClaim, ...]
    missing: tuple[OfficeId, ...]

    def __str__(self) -> str:
        agreed = " and ".join(self.agreed_by)
        confirmed = " and ".join(
            f"{claim.office} at record {claim.position:,}" for claim in self.confirmed
        )
        words = (
            f"The contents of case {self.case} are gone by agreement of {agreed}, at record "
            f"{self.agreed_at:,}, {instant(self.agreed_time)}"
        )
        words += f"; that it deleted them has signed {confirmed}" if confirmed else ""
        missing = " and ".join(self.missing)
        return (
            f"{words}; {missing} has not signed that it deleted them." if missing else f"{words}."
        )


class ViewsProof(msgspec.Struct, frozen=True):
    """The result for the case views.

    Attributes:
        cases: How many cases the log has.
        agreed: Signed view digests that equal the rebuilt ones.
        differed: Signed view digests that do not.
        incomparable: Those that could not be compared, because the office or the auditor lacked a
            key.
        unopened: Records that the auditor could not open.
        given_up_at: From which position on the views were given up for want of keys.
        shredded: The cases whose contents are gone by agreement.
    """

    cases: int
    agreed: int
    differed: int
    incomparable: int
    unopened: int
    given_up_at: int | None = None
    shredded: tuple[ShreddedCase, ...] = ()


class OutputsProof(msgspec.Struct, frozen=True):
    """The result for the processors' outputs.

    Attributes:
        entries: Trail entries that say what this audit finds.
        checkpoints: Trail checkpoints that do.
        cases: Case views that do.
        differed: Outputs that do not.
        covered: Entries among them whose own signature was not verified, because a verified
            checkpoint of the same processor covers them.
    """

    entries: int
    checkpoints: int
    cases: int
    differed: int
    covered: int = 0


class LinkStatement(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one link.

    Attributes:
        link: The link.
        records: How many records were read from the first.
        log_hash: The running hash over them, in hex.
        tree_root: The Merkle tree's root over them, in hex.
        first_log_time: Log time of the first record, Unix milliseconds.
        last_log_time: Of the last one.
        accepted: Records against which the record layer has nothing.
        mode: Full or amortised.
        verified: How many records had their signature and sealed parts verified.
        sample_rate: Amortised: the probability with which each record was drawn.
        seed: Amortised: what the sample follows from, in hex.
        verified_from: Amortised: from here on every record was verified, because no head of both
            sides covers it.
        heads: How many heads' signatures were good and fit the log.
        checkpoint: Size of the largest checkpoint that fits the log.
        checkpoint_signers: Who signed it.
        words: How far each office's word reaches.
        views: What was proved of the case views; ``None`` without summary keys.
        outputs: What was proved of the processors' outputs; ``None``: they were not looked at.
        simulated_time: Whether the log's times are a scenario's, so that no clock was compared.
        stopped: Why the log could not be read to its end, in words; ``None``: it was.
        earlier: What rests on an earlier statement of the auditor; ``None``: nothing.
        reread: Why all was read although a statement was given, in words.
    """

    link: LinkId
    records: int
    log_hash: str
    tree_root: str
    first_log_time: int | None
    last_log_time: int | None
    accepted: int
    mode: Mode
    verified: int
    sample_rate: float
    seed: str
    verified_from: int | None
    heads: int
    checkpoint: int | None
    checkpoint_signers: tuple[OfficeId, ...]
    words: tuple[StatementReach, ...]
    views: ViewsProof | None
    outputs: OutputsProof | None
    stopped: str | None = None
    earlier: EarlierReading | None = None
    reread: str | None = None
    simulated_time: bool = False

    def odds(self) -> dict[int, float]:
        """For some numbers of forged records: the probability that the sample holds none."""
        rate = 1.0 if self.mode is Mode.FULL else self.sample_rate
        return {forged: unseen(rate, forged) for forged in ODDS}


class ReplayStatement(msgspec.Struct, frozen=True, kw_only=True):
    """An audit's result.

    Attributes:
        source: What was read, in words.
        mode: Full or amortised.
        links: The statements.
        findings: What was found, the gravest first.
    """

    source: str
    mode: Mode
    links: tuple[LinkStatement, ...]
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """How many findings there are of a severity."""
        return count_of(self.findings, severity)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong: no breach and no doubt."""
        return is_clean(self.findings)


def proved(statement: LinkStatement) -> list[str]:
    """What was proved of a link, one sentence each."""
    sentences = [
        f"The log of {statement.link} has {counted(statement.records, 'record')}"
        + _between(statement.first_log_time, statement.last_log_time)
        + f"; its hash is {statement.log_hash}.",
    ]
    if not statement.records:
        return sentences
    if statement.reread is not None:
        sentences.append(f"It was read from its first record, because {statement.reread}.")
    if statement.earlier is None:
        sentences.append(_READ.format(statement.accepted))
    else:
        sentences += rests_on(statement.earlier, statement.accepted)
    if statement.mode is Mode.FULL:
        sentences.append(signatures_words(statement.earlier))
    else:
        drawn = (
            ""
            if statement.sample_rate <= 0
            else f"a sample of one in {1 / statement.sample_rate:,.0f}, "
        )
        sentences.append(
            f"{counted(statement.verified, 'record')} had signature and sealed parts verified: {drawn}"
            f"everything that looked wrong, and every record from {statement.verified_from:,} on."
        )
    sentences += [
        f"{word.office} has signed to have read {_first(word.upto, statement.records)}."
        for word in statement.words
        if word.upto
    ]
    if statement.checkpoint:
        signers = ", ".join(statement.checkpoint_signers)
        sentences.append(
            f"A checkpoint over {counted(statement.checkpoint, 'record')} by {signers} fits this log."
        )
    if statement.views is not None and statement.views.agreed:
        sentences.append(
            f"The views of {counted(statement.views.cases, 'case')} were rebuilt; {statement.views.agreed} signed "
            "digests of the offices equal them at exactly their position."
        )
    if statement.views is not None:
        sentences += _shredded([case for case in statement.views.shredded if not case.missing])
    if statement.outputs is not None:
        sentences.append(
            f"{statement.outputs.entries:,} entries and {statement.outputs.checkpoints} checkpoints of the "
            f"trail and {statement.outputs.cases:,} case views of the processors say the same."
        )
    return sentences


def counted(number: int, word: str) -> str:
    """A number of things in words: ``1 record``, ``2,000 records``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _between(first: int | None, last: int | None) -> str:
    if first is None or last is None:
        return ""
    if instant(first) == instant(last):
        return f", at {instant(first)}"
    return f", from {instant(first)} to {instant(last)}"


def _first(upto: int, records: int) -> str:
    if upto == records:
        return "all of it"
    return f"the first {counted(upto, 'record')} of it"


def not_proved(statement: LinkStatement) -> list[str]:
    """What was not proved of a link, one sentence each."""
    sentences = []
    if statement.stopped is not None:
        sentences.append(f"The log was not read to its end: {statement.stopped}.")
    if statement.earlier is not None:
        sentences += not_read_again(statement.earlier)
    if statement.mode is Mode.AMORTISED:
        odds = "; ".join(
            f"{forged:,}: {chance:.2g}"
            for forged, chance in statement.odds().items()
            if chance > 1e-12
        )
        sentences.append(
            "Signatures outside the sample rest on the word of the offices whose heads cover "
            "them: an honest office's agent had verified each before it signed. If all of them "
            "lied, the probability that forged records stay unseen is, by their number, "
            f"{odds}. Seed {statement.seed}."
        )
    sentences += [
        _silence(word, statement.records)
        for word in statement.words
        if word.after or word.head is None
    ]
    if statement.records and not statement.checkpoint:
        sentences.append("No checkpoint of a witness was there to compare with.")
    sentences += _about_views(statement)
    if statement.outputs is None:
        sentences.append("The processors' outputs were not looked at.")
    elif statement.outputs.covered:
        sentences.append(
            f"{statement.outputs.covered:,} trail entries that say the same were not asked for their own "
            "signature: verified checkpoints under the same key cover their records, but not what "
            "they say of steps."
        )
    sentences += [
        "Whether an office was shown another log after its last word cannot be seen here.",
        _SIMULATED if statement.simulated_time else _LOG_TIMES,
        "Whether what the offices wrote is true.",
    ]
    return sentences


def _silence(word: StatementReach, records: int) -> str:
    head = "no head" if word.head is None else f"no head after record {max(word.head, 1) - 1:,}"
    if not word.after:
        return f"There is {head} of {word.office}; its newest event covers the log."
    first = records - word.after
    return (
        f"There is {head} of {word.office}, and its word ends before record {first:,}: the last "
        f"{word.after:,} records rest on the other signatures alone."
    )


def _about_views(statement: LinkStatement) -> list[str]:
    views = statement.views
    if views is None:
        return [_NO_KEYS]
    sentences = []
    if views.given_up_at is not None:
        sentences.append(
            f"From record {views.given_up_at:,} on too many summary keys were missing; steps and "
            "views were not judged any more."
        )
    elif views.unopened:
        sentences.append(
            f"{views.unopened:,} records could not be opened; their cases are unjudged."
        )
    if views.incomparable:
        sentences.append(f"{views.incomparable} signed view digests could not be compared.")
    if not views.agreed and not views.differed:
        sentences.append("No signed view digest was there to compare with.")
    sentences += _shredded([case for case in views.shredded if case.missing])
    if views.shredded:
        sentences.append(
            "Whether an office that signed so has deleted all copies of the contents: that is its "
            "word."
        )
    sentences.append("Contents were not read: no content key is needed, or used.")
    return sentences


def _shredded(cases: Sequence[ShreddedCase]) -> list[str]:
    sentences = [str(case) for case in cases[:_SHREDDED_IN_WORDS]]
    more = len(cases) - len(sentences)
    if more:
        sentences.append(f"The contents of {more:,} more cases likewise; --json names them.")
    return sentences
