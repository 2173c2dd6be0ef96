"""Signatures over HTTP requests against the vectors of RFC 9421 and RFC 9530."""

from __future__ import annotations

import base64

import pytest

from blo_sealing.http_signatures import (
    content_digest,
    signature_base,
    signature_fields,
    signature_parameters,
)
from blo_sealing.signatures import SigningKey, verify_signature

SEED = base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
PUBLIC = base64.urlsafe_b64decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs=")
SIGNATURE = (
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
)
VALUES = {
    "date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "@method": "POST",
    "@path": "/foo",
    "@authority": "example.com",
    "content-type": "application/json",
    "content-length": "18",
}


def test_the_signature_of_rfc_9421_b_2_6_is_made() -> None:
    key = SigningKey(SEED)
    assert key.public == PUBLIC
    parameters = signature_parameters(tuple(VALUES), 1618884473, "test-key-ed25519")
    assert base64.b64encode(key.sign(signature_base(VALUES, parameters))).decode() == SIGNATURE


def test_the_digest_of_rfc_9530_is_made() -> None:
    assert content_digest(b'{"hello": "world"}') == (
        "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
    )


def test_the_fields_verify_and_each_covered_value_counts() -> None:
    key = SigningKey(SEED)
    fields = signature_fields(key, VALUES, 1, "k")
    label, _, parameters = fields["Signature-Input"].partition("=")
    assert parameters.endswith(';created=1;keyid="k";alg="ed25519"')
    signature = base64.b64decode(fields["Signature"].removeprefix(f"{label}=").strip(":"))
    assert verify_signature(PUBLIC, signature_base(VALUES, parameters), signature)
    for name in VALUES:
        changed = signature_base({**VALUES, name: "another"}, parameters)
        assert not verify_signature(PUBLIC, changed, signature)


@pytest.mark.parametrize("name", ["a\nb", "é", "\0"])
def test_a_name_that_is_no_structured_string_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="structured"):
        signature_parameters(("@method",), 1, name)
