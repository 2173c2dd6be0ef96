"""Clocks and alerts: what is derived of a case's deadlines and a link's health (docs/deadlines.md).

All of it is a view: made from the log, the heads and the agreements, and thrown away at will. The
rules are in ``blo_domain.deadlines``, in words in ``docs/deadlines.md``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes32, Count, UnixMs
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.policy import EscalationLevel
from blo_schemas.summary import Kind, PauseGround, Step, Urgency

CLOCK_VIEW_VERSION: Final = 1
ALERT_VERSION: Final = 1


class ClockKind(StrEnum):
    """The act that the other side owes in a case; ``deadlines.kinds`` says which kind has which."""

    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    CONFIRM = "confirm"


class Signal(StrEnum):
    """The health problems of an office on a link."""

    SILENT = "silent"
    """No head for longer than the agreement's ``silent_after``."""
    BEHIND = "behind"
    """Records lie unread by it for longer than ``silent_after``."""
    UNOPENABLE = "unopenable"
    """It has read records that it can't open, or written some that a processor can't."""
    SKEWED = "skewed"
    """Its signed times and the log's are too far apart."""
    FORKED = "forked"
    """Two events of it claim one place in its chain: a second writer, or a dishonest one."""


class Ending(StrEnum):
    """The ways in which a round of a clock ends."""

    MET = "met"
    """The other side did what it owed; declining with a reason is an answer, too."""
    VOID = "void"
    """Nothing is owed any more: it was withdrawn, or the opener went on without it."""
    REPLACED = "replaced"
    """Urgency or due date were changed; the next round has the new ones."""


class ClockStatus(StrEnum):
    """The status of a clock at an instant."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    """Its deadline passed before it ended, even if what was owed came later."""
    VOID = "void"


class RoundResult(
    msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False
):
    """The step that ended a round.

    Attributes:
        ending: How.
        step: By which step.
        office: Whose.
        at: Its instant: the latest log time in the case so far.
        position: Its log position.
    """

    ending: Ending
    step: Step
    office: OfficeId
    at: UnixMs
    position: Count


class Round(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """One run of a clock under one urgency and one stated due date.

    Attributes:
        clock: Which clock.
        number: Rounds of this clock before it in the case.
        counts_from: From when its span counts, Unix milliseconds: the opening or the reopening.
        set_at: From when the round holds; later than ``counts_from`` if a correction made it.
        position: Log position of the step that made it.
        urgency: The urgency that it runs under.
        due: The due date that the requester stated; ``None``: none.
        end: How it ended; ``None``: it has not.
    """

    clock: ClockKind
    number: Count
    counts_from: UnixMs
    set_at: UnixMs
    position: Count
    urgency: Urgency
    due: UnixMs | None
    end: RoundResult | None

    def ended(self, end: RoundResult | None) -> Round:
        """The same round with this end."""
        return msgspec.structs.replace(self, end=end)


class PauseInterval(
    msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False
):
    """A time in which a case's clocks stand still.

    Attributes:
        start: First instant.
        position: Log position of the step that began it.
        ground: Why; a return for information stands for ``CLARIFICATION``.
        returned: Whether it is a return for information, in which the opener owes.
        end: First instant after it; ``None``: it lasts.
        end_position: Log position of the step that ended it.
    """

    start: UnixMs
    position: Count
    ground: PauseGround
    returned: bool
    end: UnixMs | None
    end_position: Count | None

    def ended(self, at: int | None, position: int | None) -> PauseInterval:
        """The same pause with this end."""
        return msgspec.structs.replace(self, end=at, end_position=position)


class ClockView(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """The parts of a case's accepted steps on which its clocks depend.

    Attributes:
        v: Version of this layout, 1.
        case: The case.
        link: Its link.
        kind: Its kind.
        opener: The office that opened it: the one that waits.
        urgency: As of the opener's last step.
        due: The due date that the opener stated last; ``None``: none.
        rounds: All rounds of all clocks, in the order in which they began.
        pauses: All pauses and returns for information, in the order in which they began.
        version: Number of accepted steps.
        position: Log position of the last one.
        log_time: The latest log time of any of them, Unix milliseconds.
    """

    v: int
    case: Bytes32
    link: LinkId
    kind: Kind
    opener: OfficeId
    urgency: Urgency
    due: UnixMs | None
    rounds: tuple[Round, ...]
    pauses: tuple[PauseInterval, ...]
    version: Count
    position: Count
    log_time: UnixMs


class ClockState(
    msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False
):
    """The state of one round of a clock at an instant.

    Attributes:
        clock: Which clock.
        round: Which round of it.
        standing: Running, paused, met, missed or void.
        counts_from: From when its span counts.
        due: First instant at which it is late; ``None`` while it can't be told, because the clock
            stands still.
        met_at: When what was owed came, late or in time.
        late: Milliseconds from ``due`` to ``met_at``, or to the end, or to now; 0 if not missed.
        active: Milliseconds in which it ran until it ended or until now, pauses left out.
        owed_by: Who has to act: the other offices, or the opener while it is asked for
            information; nobody once it has ended.
    """

    clock: ClockKind
    round: Count
    standing: ClockStatus
    counts_from: UnixMs
    due: UnixMs | None
    met_at: UnixMs | None
    late: Count
    active: Count
    owed_by: tuple[OfficeId, ...]


class Alert(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """One rung of the ladder that was reached, one thing wrong with a link, or its clearing.

    Whoever computes it, whenever, from the same log and agreements, gets the same bytes. The
    processor signs and seals it.

    Attributes:
        v: Version of this layout, 1.
        id: ``hashes.alert_id`` or ``link_alert_id``; of a clearing record ``clearing_id``.
        link: The link.
        case: The case; ``None``: it is about the link.
        clock: Which clock of the case; ``None``: it is about the link.
        signal: What is wrong with the link; ``None``: it is about a case.
        rung: The rung reached; ``None``: it is about the link.
        round: Round of the clock; of a link's signal the number that tells its occurrences apart.
        due: The clock's deadline as it stood at ``since``.
        since: The instant at which it became true, not that at which it was computed.
        must_act: The offices that have to act.
        notified: The offices that are told: of the rung ``own_chief`` their chiefs.
        position: Log position of the last step or record that it rests on.
        policy: Name of the deadline policy that it follows.
        agreement: Version of the agreement that the policy stands in.
        holidays: Version of the table of public holidays that it was counted by.
        clears: For a clearing record: the id of the alert whose cause has gone.
        cleared_by: For one about a case: the step by which it has gone.
        cleared_at: For a clearing record: when.
    """

    v: int
    id: Bytes32
    link: LinkId
    case: Bytes32 | None
    clock: ClockKind | None
    signal: Signal | None
    rung: EscalationLevel | None
    round: Count
    due: UnixMs | None
    since: UnixMs
    must_act: tuple[OfficeId, ...]
    notified: tuple[OfficeId, ...]
    position: Count
    policy: str
    agreement: Count
    holidays: Count
    clears: Bytes32 | None = None
    cleared_by: Step | None = None
    cleared_at: UnixMs | None = None

    def cleared(self, own_id: bytes, by: Step | None, at: int, position: int) -> Alert:
        """The clearing record of this alert."""
        return msgspec.structs.replace(
            self,
            id=own_id,
            position=position,
            clears=self.id,
            cleared_by=by,
            cleared_at=at,
        )


CLOCK_VIEW: Final = Codec(ClockView, versions=(CLOCK_VIEW_VERSION,))
ALERT: Final = Codec(Alert, versions=(ALERT_VERSION,), limit=16 * 1024)
