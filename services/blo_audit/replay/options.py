"""The options of an audit."""

from __future__ import annotations

from typing import Final

import msgspec

from blo_audit.replay.signatures import Mode

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
_ANY_MS: Final = 2**62


class AuditOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of an audit.

    Attributes:
        mode: Full or amortised.
        seed: Amortised: what the sample follows from; drawn by the auditor, after the log was
            written.
        rate: Amortised: the probability with which each record is drawn.
        tolerance_ms: How far an office's clock and the log's may differ.
        late_ms: An event that arrives later than this after its signing is ``late``.
        outputs: Whether the processors' outputs are compared, too.
        simulated_time: Whether writers put the log times, to play a past year: then no clock is
            compared with another, and the statement says so.
    """

    mode: Mode = Mode.FULL
    seed: bytes = b""
    rate: float = 1 / 256
    tolerance_ms: int = 5 * MINUTE_MS
    late_ms: int = 72 * HOUR_MS
    outputs: bool = False
    simulated_time: bool = False

    @property
    def tolerated_ms(self) -> int:
        """How far two clocks may differ: as far as they like, where time is simulated."""
        return _ANY_MS if self.simulated_time else self.tolerance_ms

    @property
    def tolerated_late_ms(self) -> int:
        """After how long an event is ``late``: never, where time is simulated."""
        return _ANY_MS if self.simulated_time else self.late_ms
