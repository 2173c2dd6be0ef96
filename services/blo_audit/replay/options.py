"""The options of an audit."""

from __future__ import annotations

from typing import Final

import msgspec

from blo_audit.replay.signatures import Mode

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS


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
    """

    mode: Mode = Mode.FULL
    seed: bytes = b""
    rate: float = 1 / 256
    tolerance_ms: int = 5 * MINUTE_MS
    late_ms: int = 72 * HOUR_MS
    outputs: bool = False
