"""A processor passes over a reader that nothing can be sealed to, and grants to all others."""

from __future__ import annotations

import msgspec

from blo_domain.trust import load_directory
from blo_processors.outputs.encode import OutputEncoder
from blo_projection.granted_keys import GrantedKeys
from blo_schemas.grants import GRANT
from blo_schemas.ids import OfficeId
from blo_schemas.trust import DOCUMENT, KEM_KEY_SIZE, Certificate, SignedDocument
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from blo_sealing.statements import sign_document
from tests.processors.world import LA, OBSERVER, VN, World


def _certifies(signed: SignedDocument, subject: OfficeId) -> bool:
    document = DOCUMENT.decode(signed.payload)
    return isinstance(document, Certificate) and document.subject == subject


def test_a_reader_that_nothing_can_be_sealed_to_is_passed_over_by_the_processor() -> None:
    world = World()
    documents = [one for one in world.documents if not _certifies(one, OBSERVER)]
    (usable,) = (one for one in world.documents if _certifies(one, OBSERVER))
    junk = msgspec.structs.replace(DOCUMENT.decode(usable.payload), kem_key=b"\xff" * KEM_KEY_SIZE)
    documents.append(sign_document(junk, [world.roots[OBSERVER[:2]]]))
    directory, _ = load_directory(
        world.pins,
        documents,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=lambda _: True,
    )
    (place,) = world.places
    signer = world.identity().signer(directory, 1)
    assert signer is not None
    encoder = OutputEncoder(place, signer, GrantedKeys(place.link, world.identity()))
    encoder.month_key("2025-03")
    for _ in range(2):
        granted = [GRANT.decode(one.value or b"") for one in encoder.grants(directory, 1)]
    assert not granted
    assert {subject for subject, _ in encoder.ungranted} == {OBSERVER}
    again = OutputEncoder(place, signer, GrantedKeys(place.link, world.identity()))
    again.month_key("2025-03")
    found = {GRANT.decode(one.value or b"").recipient for one in again.grants(directory, 1)}
    assert found == {LA, VN}
