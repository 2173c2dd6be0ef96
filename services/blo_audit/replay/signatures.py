"""The choice of the signatures that an audit verifies, and their verification on all cores.

Full mode verifies all. libsodium lets go of Python's lock while it computes, so a pool of threads
verifies one portion of records while the chain is folded over the portion before.

Amortised mode verifies a sample. Its positions follow from a seed that the auditor draws *after*
the log was written: whoever forges a record cannot know whether it will be looked at. The seed is
told, and with it anybody draws the same sample again.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from hashlib import sha256
from typing import Final

from blo_projection.record_trust import RecordTrust
from blo_schemas import hashes
from blo_schemas.errors import WireError
from blo_schemas.event import LogRecord, decode_event
from blo_schemas.ids import LinkId
from blo_schemas.verdicts import Reason
from blo_sealing.signatures import verify_signature

SEED_SIZE: Final = 16
NEVER: Final = 2**63 - 1
PORTION: Final = 256
"""Records that one task of the pool verifies."""

_LABEL: Final = b"blo/audit-sample/v1\0"

_Check = tuple[bytes, bytes, bytes]
"""Key, signed bytes, signature."""


class Mode(StrEnum):
    """The share of signatures that is verified."""

    FULL = "full"
    AMORTISED = "amortised"


class Sample:
    """Positions of a link, each drawn with the same probability, independently of all others.

    Args:
        seed: What they follow from.
        link: The link.
        rate: The probability, from 0 to 1.
    """

    def __init__(self, seed: bytes, link: LinkId, rate: float) -> None:
        self._base = sha256(_LABEL + len(seed).to_bytes(1, "big") + seed + link.encode())
        self._rate = rate
        self._drawn = 0
        self._last = -1

    def next(self) -> int:
        """The next position of the sample; ``NEVER`` if there is none."""
        if self._rate <= 0:
            return NEVER
        self._last += 1 + self._skip()
        return self._last

    def _skip(self) -> int:
        """How many records are passed over: geometrically distributed."""
        if self._rate >= 1:
            return 0
        draw = self._base.copy()
        draw.update(self._drawn.to_bytes(8, "big"))
        self._drawn += 1
        # 53 bits, as many as a float holds; never 0.
        uniform = ((int.from_bytes(draw.digest()[:8], "big") >> 11) + 1) / 2**53
        return int(math.log(uniform) / math.log1p(-self._rate))


def unseen(rate: float, forged: int) -> float:
    """The probability that none of so many forged records is in a sample."""
    return float((1 - rate) ** forged)


class VerifyAhead:
    """Verifies the signatures of records before the chain asks for them, on all cores.

    Args:
        workers: How many threads verify; by default as many as there are cores for this process.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="verify")
        self._good: dict[bytes, tuple[bytes, bytes]] = {}

    def start(
        self, records: Sequence[LogRecord], link: LinkId, trust: RecordTrust
    ) -> Future[list[_Check]]:
        """Begin to verify a portion; ``finish`` takes what comes of it."""
        return self._pool.submit(_verify, records, hashes.event_context(link), trust)

    def finish(self, portions: Sequence[Future[list[_Check]]]) -> None:
        """Wait for portions; from now on ``check`` knows them, and no longer those before."""
        self._good = {
            signature: (key, signed)
            for portion in portions
            for key, signed, signature in portion.result()
        }

    def check(self, key: bytes, signed: bytes, signature: bytes) -> bool:
        """Whether a signature is good: looked up, or verified now if it was not expected."""
        return self._good.get(signature) == (key, signed) or verify_signature(
            key, signed, signature
        )

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)


def _verify(records: Sequence[LogRecord], context: bytes, trust: RecordTrust) -> list[_Check]:
    """Those of the records' signatures that are good."""
    good = []
    for record in records:
        try:
            envelope, header = decode_event(record.value)
        except WireError:
            continue
        writer = trust.writer(header.certificate_tag, record.position, record.log_time)
        if isinstance(writer, Reason):
            continue
        signed = context + envelope.header
        if verify_signature(writer.signing_key, signed, envelope.signature):
            good.append((writer.signing_key, signed, envelope.signature))
    return good
