"""An auditor's signature under its own statements."""

from __future__ import annotations

import os

import pytest

from blo_audit.auditor import Auditor, is_signed_by_key
from blo_schemas.audits import AUDIT_SIGNATURE, AuditDocument, AuditSignature
from blo_schemas.errors import WireError
from blo_schemas.ids import OfficeId
from blo_schemas.trust import Role
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import NodeKeys
from tests.audit.exhibits import audit
from tests.audit.scene import scene

STATE, REPORT = AuditDocument.STATE, AuditDocument.REPORT
INSPECTOR = OfficeId("vn-inspector")


def _auditor(*keys: NodeKeys, subject: OfficeId = INSPECTOR) -> Auditor:
    return Auditor(ProgramIdentity(subject, keys, Role.OBSERVER))


def test_an_auditor_recognises_what_each_of_its_keys_has_signed() -> None:
    older, newer = (NodeKeys.generate(os.urandom) for _ in range(2))
    before = _auditor(older).sign(STATE, b"statement")
    auditor = _auditor(older, newer)
    now = auditor.sign(STATE, b"statement")
    assert now.key == newer.signing.public
    for signature in (before, now):
        assert auditor.has_signed(STATE, b"statement", signature)
        assert is_signed_by_key(STATE, b"statement", signature)
        assert AUDIT_SIGNATURE.decode(AUDIT_SIGNATURE.encode(signature)) == signature


def test_another_text_kind_name_or_key_is_not_the_auditors_statement() -> None:
    keys = NodeKeys.generate(os.urandom)
    auditor = _auditor(keys)
    signature = auditor.sign(STATE, b"statement")
    assert not auditor.has_signed(STATE, b"statements", signature)
    assert not auditor.has_signed(REPORT, b"statement", signature)
    other_name = AuditSignature(OfficeId("la-inspector"), signature.key, signature.signature)
    assert not auditor.has_signed(STATE, b"statement", other_name)
    assert not is_signed_by_key(STATE, b"statement", other_name)
    foreign = _auditor(NodeKeys.generate(os.urandom)).sign(STATE, b"statement")
    assert is_signed_by_key(STATE, b"statement", foreign)
    assert not auditor.has_signed(STATE, b"statement", foreign)


def test_a_signature_of_no_id_does_not_decode() -> None:
    signature = _auditor(NodeKeys.generate(os.urandom)).sign(STATE, b"statement")
    encoded = AUDIT_SIGNATURE.encode(signature).replace(b"vn-inspector", b"vn inspector")
    with pytest.raises(WireError):
        AUDIT_SIGNATURE.decode(encoded)


def test_keys_that_no_certificate_names_sign_and_judge_no_step() -> None:
    report = audit(scene().exhibit, identity=ProgramIdentity(INSPECTOR, (), Role.OBSERVER))
    assert [link.views for link in report.links] == [None, None]
