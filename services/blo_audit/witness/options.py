"""When a witness signs, and what it takes for the time."""

from __future__ import annotations

from blo_audit.witness.config import SigningSettings


class WitnessOptions(SigningSettings, frozen=True, kw_only=True):
    """The settings of ``[signing]``, and these.

    Attributes:
        directory_s: How often the trust documents are read, in seconds.
        simulated_time: Whether a link's time is that of its last record.
    """

    directory_s: float = 5.0
    simulated_time: bool = False
