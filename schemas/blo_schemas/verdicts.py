"""Verdicts: what a reader concludes of a record (docs/domain.md §9). The list of reasons is closed.

Record reasons can be found by anyone with the log and the trust documents. Step reasons need the
summary key. Every reader with the same keys comes to the same verdict.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """The three verdicts."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why a record was rejected."""

    # The bytes (``blo_schemas.errors``).
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing_bytes"
    UNKNOWN_VERSION = "unknown_version"
    WRONG_TYPE = "wrong_type"
    NOT_CANONICAL = "not_canonical"
    # The writer.
    NO_AGREEMENT = "no_agreement"
    UNKNOWN_KEY = "unknown_key"
    NOT_A_PARTY = "not_a_party"
    KEY_NOT_YET_VALID = "key_not_yet_valid"
    KEY_EXPIRED = "key_expired"
    KEY_REVOKED = "key_revoked"
    WRONG_LINK = "wrong_link"
    BAD_SIGNATURE = "bad_signature"
    PAYLOAD_MISMATCH = "payload_mismatch"
    # The chains.
    GAP = "gap"
    FORK = "fork"
    SEEN_BEYOND_LOG = "seen_beyond_log"
    SEEN_GOES_BACK = "seen_goes_back"
    SEEN_HASH_MISMATCH = "seen_hash_mismatch"
    # The summary.
    SUMMARY_UNOPENABLE = "summary_unopenable"
    SUMMARY_MALFORMED = "summary_malformed"
    SUMMARY_UNKNOWN_VERSION = "summary_unknown_version"
    # The step.
    UNKNOWN_CASE = "unknown_case"
    CASE_EXISTS = "case_exists"
    KIND_MISMATCH = "kind_mismatch"
    VERSION_AHEAD = "version_ahead"
    NOT_LEGAL_NOW = "not_legal_now"
    NOT_YOUR_STEP = "not_your_step"
    NOTHING_TO_SUPERSEDE = "nothing_to_supersede"
    CASE_FULL = "case_full"


class Verdict(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True, gc=False):
    """What a reader concludes of one record.

    Attributes:
        outcome: Accepted, duplicate or rejected.
        reason: Why, if rejected.
        crossed: Accepted although the writer had not seen the case's latest version.
    """

    outcome: Outcome
    reason: Reason | None = None
    crossed: bool = False


ACCEPTED = Verdict(Outcome.ACCEPTED)
CROSSED = Verdict(Outcome.ACCEPTED, crossed=True)
DUPLICATE = Verdict(Outcome.DUPLICATE)


def rejected(reason: Reason) -> Verdict:
    """The verdict ``rejected`` with its reason."""
    return Verdict(Outcome.REJECTED, reason)
