"""Agreements that don't count, one for each rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from blo_domain.deadlines.policies import four_urgencies
from blo_schemas.ids import CorridorId, LinkId
from blo_schemas.policy import DeadlinePolicy
from blo_schemas.trust import Role, Superior
from tests.unit.trust.documents import (
    LA_B,
    LA_C,
    START,
    VN_A,
    VN_B,
    YEAR,
    agreement,
    basis,
    certificate,
    key,
    revocation,
)

RIVAL = LinkId("rival")
SMALL_ORDER = bytes([1]) + bytes(31)
"""The neutral element of the curve."""


_Case = tuple[Any, ...]


def agreements() -> Iterator[_Case]:
    more = [*basis(), certificate(VN_B), certificate(LA_C)]
    rival = agreement(link=RIVAL, offices=(LA_C, VN_B))
    renewed = [*basis(), revocation(certificate(VN_A), START + YEAR)]
    shared = certificate(LA_C, signing_key=key(VN_A).public)
    yield (
        "agreement-signed-by-one-side",
        "Only vn-a has signed.",
        agreement([key(VN_A)]),
        "not_signed_by",
    )
    yield (
        "agreement-signed-with-revoked-key",
        "vn-a's only key is revoked when it begins.",
        agreement(effective_from=START + YEAR),
        "not_certified",
        renewed,
    )
    yield (
        "agreement-before-certificates",
        "It begins before its offices are certified.",
        agreement(effective_from=START - 1),
        "not_certified",
    )
    yield (
        "agreement-two-offices-one-key",
        "One signature would stand for two offices.",
        agreement([key(VN_A)], link=RIVAL, offices=(LA_C, VN_A)),
        "shared_key",
        [*basis(), shared],
    )
    yield (
        "agreement-partition-contested",
        "Two links claim one partition: neither agreement counts.",
        rival,
        "partition_contested",
        [*more, agreement()],
    )
    yield (
        "agreement-version-skipped",
        "Version 3 comes without version 2.",
        agreement(version=3),
        "agreement_skipped",
        [*basis(), agreement()],
    )
    yield (
        "agreement-version-twice",
        "Two different versions 1: neither counts.",
        agreement(working_marking="other"),
        "agreement_contradicted",
        [*basis(), agreement()],
    )
    yield (
        "agreement-partition-changed",
        "A link's partition never changes.",
        agreement(version=2, partition=1),
        "partition_changed",
        [*basis(), agreement()],
    )
    yield (
        "agreement-effect-goes-back",
        "Version 2 begins before version 1.",
        agreement(version=2, effective_from=START),
        "effect_goes_back",
        [*basis(), agreement()],
    )
    yield (
        "agreement-without-the-leaving-office",
        "vn-b leaves and has not signed.",
        agreement(link=RIVAL, version=2),
        "not_signed_by",
        [*more, agreement(link=RIVAL, offices=(LA_B, VN_A, VN_B))],
    )


def contents_of_agreements() -> Iterator[_Case]:
    policy = four_urgencies((LA_B, VN_A))
    unsorted = agreement(link=RIVAL, offices=(VN_A, LA_B), policy=policy)
    yield "agreement-offices-unsorted", "Offices are sorted.", unsorted, "not_sorted_or_twice"
    yield (
        "agreement-corridor-mismatch",
        "Offices of la and vn in the corridor cn-vn.",
        agreement(corridor=CorridorId("cn-vn")),
        "corridor_mismatch",
    )
    yield (
        "agreement-one-country",
        "Both offices are of one country.",
        agreement(link=RIVAL, offices=(VN_A, VN_B)),
        "corridor_mismatch",
        [*basis(), certificate(VN_B)],
    )
    yield (
        "agreement-link-of-others",
        "The link is named after other offices.",
        agreement(link=LinkId("vn-b~la-c")),
        "link_id_of_others",
    )
    yield (
        "agreement-observer-not-certified",
        "An observer without such a certificate.",
        agreement(observers=(VN_B,)),
        "not_certified",
        [*basis(), certificate(VN_B)],
    )
    yield (
        "agreement-superior-of-no-party",
        "A superior of an office that is no party.",
        agreement(superiors=(Superior(superior=VN_B, office=LA_C),)),
        "wrong_superior",
        [*basis(), certificate(VN_B)],
    )
    yield (
        "agreement-never-valid",
        "It ends when it begins.",
        agreement(effective_until=START + 1000),
        "never_valid",
    )
    yield (
        "agreement-policy-without-a-row",
        "The row for the urgency immediate is missing.",
        agreement(policy=_without_last_row(policy)),
        "policy_refused",
    )
    yield (
        "agreement-unknown-holidays",
        "A version of the table of public holidays that nobody has.",
        agreement(policy=msgspec.structs.replace(policy, holidays=1_000_000)),
        "policy_refused",
    )
    yield (
        "agreement-processor-without-kem-key",
        "A processor that nothing can be granted to.",
        agreement(processors=(VN_B,)),
        "kem_key_missing",
        [*basis(), certificate(VN_B, role=Role.PROCESSOR, kem_key=None)],
    )


def _without_last_row(policy: DeadlinePolicy) -> DeadlinePolicy:
    fields = {field: getattr(policy, field) for field in policy.__struct_fields__}
    return DeadlinePolicy(**(fields | {"deadlines": policy.deadlines[:-1]}))
