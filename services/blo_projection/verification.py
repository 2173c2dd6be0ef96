"""Strategies of a link's chain: whose payload hashes and signatures it checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from blo_schemas.ids import EventId
from blo_sealing.signatures import verify_signature

SignatureCheck = Callable[[bytes, bytes, bytes], bool]
"""``check(key, message, signature)``: whether an Ed25519 signature is good."""

NO_RECORD: Final = 2**63
"""A position behind every record of every log."""


class Verification:
    """What a chain asks of its strategy; use one of the subclasses.

    Attributes:
        check: Verifies a signature.
        first_checked: The first position at which payload hash and signature are checked.
        preverified_size: Number of records, from the first, that are taken to be canonical.
        is_own: Events whose signature is not checked; ``None``: there are none.
        rechecks_rejected: Whether a record that is not checked is checked after all before a later
            step rejects it, so that nobody is blamed for what another forged.
    """

    __slots__ = ("check", "first_checked", "is_own", "preverified_size", "rechecks_rejected")

    def __init__(self, check: SignatureCheck = verify_signature) -> None:
        self.check = check
        self.first_checked = 0
        self.preverified_size = 0
        self.is_own: Callable[[EventId], bool] | None = None
        self.rechecks_rejected = False


class VerifyAll(Verification):
    """Check every record.

    Args:
        check: Verifies a signature; a caller that verified many at once looks up the result.
    """

    __slots__ = ()


class TrustOwn(Verification):
    """Check every record, but not the signatures of the caller's own events.

    Args:
        is_own: Whether the caller has made an event.
    """

    __slots__ = ()

    def __init__(self, is_own: Callable[[EventId], bool]) -> None:
        super().__init__()
        self.is_own = is_own


class TrustHeads(Verification):
    """Check no record that every later step accepts: signed heads must vouch for those.

    Args:
        check: Verifies a signature.
    """

    __slots__ = ()

    def __init__(self, check: SignatureCheck = verify_signature) -> None:
        super().__init__(check)
        self.first_checked = NO_RECORD
        self.rechecks_rejected = True


class DeferToCheckpoint(Verification):
    """Take the first records to be canonical, whole and signed; check all behind them.

    That must be proved afterwards: a checked statement on the same bytes has the admissions that
    follow from it (``blo_schemas.hashes.admissions_hash``).

    Args:
        size: Number of records of the checkpoint.
    """

    __slots__ = ()

    def __init__(self, size: int) -> None:
        super().__init__()
        self.first_checked = self.preverified_size = size
