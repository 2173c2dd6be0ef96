"""Sets up an office: its store, its keys, its signature under documents.

Private keys are made inside the encrypted store and never leave it (docs/architecture.md, "Keys and trust"). What leaves it is
a request for a certificate, which the country's root signs.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import TypeVar

import msgspec

from blo_agent.config import AgentSettings
from blo_agent.custody.key_sources import KeySources
from blo_agent.store.connection import Snapshot, Transaction, open_connection
from blo_agent.store.errors import StoreInUse
from blo_agent.store.facade import Store, open_store
from blo_agent.store.keyfile import create_store_key
from blo_agent.store.reader import Query
from blo_agent.store.tables import documents, identities
from blo_domain.trust import load_directory
from blo_runtime.clock import Clock, SystemClock
from blo_runtime.errors import ConfigurationError
from blo_runtime.files import make_private_folder
from blo_schemas.ids import OfficeId
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import RandomBytes, is_usable_signing_key, verify_signature
from blo_sealing.statements import add_signature

T = TypeVar("T")


class AlreadyInitialised(ConfigurationError):
    """The office's store is there already; it is never overwritten."""


class OfficeRequest(msgspec.Struct, frozen=True):
    """What a country's root needs to certify an office.

    Attributes:
        subject: The office's id.
        signing_key: Its Ed25519 public key, 32 bytes.
        kem_key: Its hybrid public key, 1216 bytes.
    """

    subject: OfficeId
    signing_key: bytes
    kem_key: bytes


def initialise(
    settings: AgentSettings, *, clock: Clock | None = None, random: RandomBytes = os.urandom
) -> OfficeRequest:
    """Make an office's store key, its store, and in it its private keys.

    Raises:
        AlreadyInitialised: The store or its key is there already.
        StoreError: The store can't be made.
        SecretMissing: The store's key is a credential, which is not there.
    """
    for path in (settings.store.path, settings.store.key):
        if path is not None and path.exists():
            raise AlreadyInitialised(
                path,
                "",
                f"is there already, so {settings.office} was set up before; nothing was changed",
                expected="no such file",
                todo="To set the office up anew, move its old files to a safe place first.",
            )
    make_private_folder(settings.store.path.parent)
    if settings.store.key is None:
        key = KeySources(settings).store_key()
    else:
        make_private_folder(settings.store.key.parent)
        key = create_store_key(settings.store.key)
    with Store(settings.store.path, key) as store:
        return _add_keys(store, OfficeId(settings.office), clock or SystemClock(), random)


def request_of(settings: AgentSettings) -> OfficeRequest:
    """The request for a certificate of an office's newest keys.

    The agent may be running.

    Raises:
        StoreError: The store can't be opened.
    """
    newest = NodeKeys.from_bytes(_read_store(settings, _newest).keys)
    return OfficeRequest(OfficeId(settings.office), newest.signing.public, newest.kem.public)


def sign_document(
    settings: AgentSettings, document: SignedDocument, *, clock: Clock | None = None
) -> SignedDocument:
    """Add the office's signature to a trust document.

    It is the signature of the certificate in use, by the documents that the store has; of the
    newest keys, if none is certified yet. The agent may be running.

    Raises:
        DuplicateSignature: The office has signed it already.
        StoreError: The store can't be opened.
    """
    now = (clock or SystemClock()).now_ms()
    keys = _read_store(settings, lambda snapshot: _certified_keys(settings, snapshot, now))
    return add_signature(document, keys.signing)


def _certified_keys(settings: AgentSettings, snapshot: Snapshot, now: int) -> NodeKeys:
    directory, _ = load_directory(
        settings.trust.roots,
        [SIGNED_DOCUMENT.decode(stored.document) for stored in documents.iterate(snapshot)],
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    stored = {row.public: NodeKeys.from_bytes(row.keys) for row in identities.all_of(snapshot)}
    for certified in reversed(directory.certificates(OfficeId(settings.office))):
        keys = stored.get(certified.certificate.signing_key)
        if keys is not None and certified.valid_at(now):
            return keys
    return NodeKeys.from_bytes(_newest(snapshot).keys)


def _newest(snapshot: Snapshot) -> identities.StoredIdentity:
    return identities.all_of(snapshot)[-1]


def _read_store(settings: AgentSettings, query: Query[T]) -> T:
    """Ask the store, also while an agent runs on it."""
    key = KeySources(settings).store_key()
    try:
        with open_store(settings.store.path, key) as store:
            return store.submit_read(query).result()
    except StoreInUse:
        # A running agent keeps its log beside the store, so a second reader sees all of it.
        with closing(open_connection(settings.store.path, key, read_only=True)) as connection:
            return query(Snapshot(connection))


def _add_keys(store: Store, office: OfficeId, clock: Clock, random: RandomBytes) -> OfficeRequest:
    made = NodeKeys.generate(random)
    identity = identities.StoredIdentity(made.signing.public, made.to_bytes(), clock.now_ms())

    def job(tx: Transaction) -> None:
        identities.put(tx, identity)

    store.submit(job).result()
    return OfficeRequest(office, made.signing.public, made.kem.public)
