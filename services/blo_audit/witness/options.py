"""When a witness signs."""

from __future__ import annotations

import msgspec


class WitnessOptions(msgspec.Struct, frozen=True, kw_only=True):
    """When a witness signs; see ``SigningSettings``, in seconds.

    Attributes:
        delay_s: Between a record and its checkpoint.
        patience_s: For the cosignatures of one checkpoint, before the next.
        again_s: Between two publications of a checkpoint without a quorum.
        directory_s: How often the trust documents are looked at.
        simulated_time: Whether a link's time is that of its last record.
    """

    delay_s: float = 0.2
    patience_s: float = 5.0
    again_s: float = 15.0
    directory_s: float = 5.0
    simulated_time: bool = False
