"""Passkeys: proofs that a person was present and agreed (Web Authentication Level 2).

User verification is always required: the authenticator has asked for a PIN or a fingerprint. For an
approval the challenge is the digest of what is approved, so anybody who has the credential's public
key can check the approval later, without this program's store.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    RegistrationCredential,
)

from blo_schemas.approvals import PasskeyAssertion
from blo_sealing.errors import PasskeyRefused

MAX_PART: Final = 4096
"""The most bytes of any part of an answer that is read; authenticators send some hundreds."""


class RelyingParty(NamedTuple):
    """For whom credentials are made.

    Attributes:
        id: The domain.
        origin: The scheme, host and port of the pages.
    """

    id: str
    origin: str


class NewPasskey(NamedTuple):
    """A credential that an authenticator has made.

    Attributes:
        credential: Its id.
        public_key: Its public key, a COSE key.
        sign_count: The authenticator's counter; 0 if it has none.
    """

    credential: bytes
    public_key: bytes
    sign_count: int


def accept_registration(
    party: RelyingParty,
    challenge: bytes,
    credential: bytes,
    attestation: bytes,
    client_data: bytes,
) -> NewPasskey:
    """Check a new credential.

    Args:
        party: For whom it was asked.
        challenge: The challenge that was given.
        credential: The credential's id.
        attestation: The attestation object.
        client_data: The client data JSON.

    Raises:
        PasskeyRefused: The answer is to another challenge or party, the user was not verified, or
            the bytes are not what an authenticator makes.
    """
    _check_sizes(credential, attestation, client_data)
    answer = RegistrationCredential(
        bytes_to_base64url(credential),
        credential,
        AuthenticatorAttestationResponse(client_data, attestation),
    )
    verified = _verified(
        verify_registration_response,
        credential=answer,
        expected_challenge=challenge,
        expected_rp_id=party.id,
        expected_origin=party.origin,
        require_user_verification=True,
    )
    if verified.credential_id != credential:
        raise PasskeyRefused("it names another credential")
    _check_sizes(verified.credential_public_key)
    return NewPasskey(credential, verified.credential_public_key, verified.sign_count)


def verify_assertion(assertion: PasskeyAssertion, challenge: bytes, sign_count: int = 0) -> int:
    """Check that the owner of a credential has agreed to a challenge.

    Args:
        assertion: The answer, with the public key that is known of the credential.
        challenge: The challenge; for an approval the digest of what is approved.
        sign_count: The counter that is known; 0 to accept any.

    Returns:
        The authenticator's counter.

    Raises:
        PasskeyRefused: The answer does not prove it.
    """
    answer = AuthenticationCredential(
        bytes_to_base64url(assertion.credential),
        assertion.credential,
        AuthenticatorAssertionResponse(
            assertion.client_data, assertion.authenticator_data, assertion.signature
        ),
    )
    verified = _verified(
        verify_authentication_response,
        credential=answer,
        expected_challenge=challenge,
        expected_rp_id=assertion.rp_id,
        expected_origin=assertion.origin,
        credential_public_key=assertion.public_key,
        credential_current_sign_count=sign_count,
        require_user_verification=True,
    )
    count: int = verified.new_sign_count
    return count


def _verified(verify: Any, **arguments: Any) -> Any:
    try:
        return verify(**arguments)
    except MemoryError:
        raise
    except Exception as error:
        # The library reads JSON, CBOR and COSE of strangers; whatever it dislikes is their fault.
        raise PasskeyRefused(str(error) or type(error).__name__) from error


def _check_sizes(*parts: bytes) -> None:
    for part in parts:
        if not 0 < len(part) <= MAX_PART:
            raise PasskeyRefused(f"a part has {len(part)} bytes; 1 to {MAX_PART} are possible")
