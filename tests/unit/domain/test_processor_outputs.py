"""Which outputs of processors count: one rule, by certificate, agreement and time."""

from __future__ import annotations

import os
from typing import Any

import pytest

from blo_domain.processor_outputs import OutputReason, refuse_output, refuse_signer
from blo_domain.trust import load_directory
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.ids import CertificateTag, CountryId, LinkId
from blo_schemas.outputs import OUTPUT_VERSION, Output, OutputKind
from blo_schemas.trust import Certificate, DatedText, Revocation, Role
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from tests.processors.world import OBSERVER, PROCESSOR, START, VN, World

LINK = LinkId("link-0")
HOUR = 3_600_000
BEGINS = START - 24 * HOUR
ENDS = START + 24 * HOUR
REVOKED = START + 12 * HOUR


def certificate(world: World, subject: Any, role: Role, key: int) -> CertificateTag:
    """Certify a further key, valid for two days around the start."""
    keys = NodeKeys.generate(os.urandom)
    document = Certificate(
        country=CountryId("vn"),
        subject=subject,
        role=role,
        names=(DatedText(text=f"{subject} {key} (fictional)"),),
        signing_key=keys.signing.public,
        kem_key=keys.kem.public,
        not_before=BEGINS,
        not_after=ENDS,
    )
    signed = world.sign(document, [world.roots["vn"]])
    return certificate_tag(document_id(signed.payload))


def output(kid: CertificateTag, **changed: Any) -> Output:
    given: dict[str, Any] = {"link": LINK, "processor": PROCESSOR, "at": START, **changed}
    return Output(
        v=OUTPUT_VERSION,
        kind=OutputKind.TRAIL,
        kid=kid,
        position=0,
        key=None,
        salt=None,
        body=b"",
        **given,
    )


CASES: list[tuple[str, str, int, dict[str, Any], OutputReason | None]] = [
    ("good", "good", START, {}, None),
    ("of a time before the certificate", "good", START, {"at": BEGINS - 1}, None),
    ("read after the certificate", "good", ENDS + HOUR, {}, None),
    ("of a time after the certificate", "good", ENDS + HOUR, {"at": ENDS}, OutputReason.EXPIRED),
    ("read before the certificate", "good", BEGINS - 1, {}, OutputReason.NOT_YET_VALID),
    ("read before its revocation", "stolen", REVOKED - 1, {}, None),
    ("read after its revocation", "stolen", REVOKED, {}, OutputReason.REVOKED),
    ("an observer's", "observer", START, {"processor": OBSERVER}, OutputReason.NOT_A_PROCESSOR),
    ("an office's", "office", START, {"processor": VN}, OutputReason.NOT_A_PROCESSOR),
    ("of nobody's key", "nobody", START, {}, OutputReason.NOT_A_PROCESSOR),
    ("of a processor that is not named", "other", START, {}, OutputReason.NOT_NAMED),
    ("in another's name", "good", START, {"processor": VN}, OutputReason.NOT_NAMED),
    ("about another link", "good", START, {"link": "elsewhere"}, OutputReason.OTHER_LINK),
]


@pytest.mark.parametrize(("signer", "now", "changed", "reason"), [one[1:] for one in CASES])
def test_an_output_counts_by_certificate_agreement_and_time(
    signer: str, now: int, changed: dict[str, Any], reason: OutputReason | None
) -> None:
    world = World()
    tags = {
        "good": certificate(world, PROCESSOR, Role.PROCESSOR, 1),
        "stolen": certificate(world, PROCESSOR, Role.PROCESSOR, 2),
        "observer": certificate(world, OBSERVER, Role.OBSERVER, 3),
        "office": certificate(world, VN, Role.OFFICE, 4),
        "other": certificate(world, "vn-other", Role.PROCESSOR, 5),
        "nobody": CertificateTag(bytes(8)),
    }
    stolen = next(one for one in world.documents if document_id(one.payload)[:8] == tags["stolen"])
    revocation = Revocation(
        country=CountryId("vn"),
        certificate=document_id(stolen.payload),
        at=REVOKED,
        reason="(fictional) stolen",
    )
    world.sign(revocation, [world.roots["vn"]])
    directory, refusals = load_directory(
        world.pins,
        world.documents,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    assert not refusals
    assert refuse_output(directory, LINK, output(tags[signer], **changed), now) is reason
    if reason not in {OutputReason.EXPIRED, OutputReason.OTHER_LINK} and "processor" not in changed:
        assert refuse_signer(directory, LINK, tags[signer], now) is reason
