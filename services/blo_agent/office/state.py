"""The office in the memory of the store's thread: its documents, keys and links (ADR 2).

``Office`` is loaded from the store when the agent starts. After that only the jobs in
``commands.accept`` and ``inbound.apply_batch`` change it, each within its transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from blo_agent.containment import attempt
from blo_agent.office import kept_states
from blo_agent.office.batch import BatchResult
from blo_agent.office.halts import halt_over_own_events
from blo_agent.office.keyring import Keyring
from blo_agent.office.link_state import PROGRAM, LinkState, PendingEvent, VerdictCounts
from blo_agent.office.link_status import store_reread
from blo_agent.office.membership import Membership, memberships, refused_agreements
from blo_agent.office.revise import revise, revise_again
from blo_agent.office.revision import StoreReader
from blo_agent.office.stored_chain import StoredChain
from blo_agent.office.stored_views import StoredViews
from blo_agent.office.verdict_counts import forget_tally, load_tally
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.errors import JobRefused
from blo_agent.store.tables import (
    documents,
    heads,
    identities,
    journal,
    links,
    meta,
    outbox,
    parked,
    records,
    shredded,
)
from blo_domain.heads import head_signers
from blo_domain.trust import EVERYTHING, Certified, TrustedDirectory, TrustReach
from blo_log.topics import heads_topic, keys_topic
from blo_projection.case_views import CaseViews
from blo_projection.fold import KeySource, LinkFold
from blo_projection.link_chain import LinkChain
from blo_projection.parked_records import ParkedRecord
from blo_projection.verification import TrustOwn
from blo_schemas.event import ENVELOPE, HEADER
from blo_schemas.hashes import leaf_hash
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head
from blo_schemas.heartbeats import Heartbeat
from blo_schemas.ids import CertificateTag, CorridorId, CountryId, DocumentId, LinkId, OfficeId
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument
from blo_sealing.event_parts import open_summary
from blo_sealing.kem import KemKey, is_usable_kem_key
from blo_sealing.keys import NodeKeys
from blo_sealing.seal_event import Author
from blo_sealing.signatures import RandomBytes, is_usable_signing_key, verify_signature


class NoIdentity(JobRefused):
    """No valid certificate names a key of this store."""


class TouchedLink(NamedTuple):
    """A link of which trust documents can have an answer changed, and of which records."""

    state: LinkState
    reach: TrustReach


class Office:
    """One office and everything it knows.

    Args:
        office: Its id.
        pins: Per country, the fingerprint of version 1 of its root.
        random: Source of keys and salts.

    Attributes:
        id: The office's id.
        random: Source of keys and salts.
        keyring: The symmetric keys it holds, by link.
        directory: The trust documents that were admitted.
        links: The state of each link. The mapping is replaced, never changed, when a link is
            added, because the event loop looks at it too.
        heads: The newest valid head of every other office, by link and office; replaced likewise.
        heartbeats: The newest valid heartbeat of every office, by corridor and office; likewise.
    """

    def __init__(
        self, office: OfficeId, pins: Mapping[CountryId, DocumentId], random: RandomBytes
    ) -> None:
        self.id = office
        self.random = random
        self.keyring = Keyring()
        self.links: dict[LinkId, LinkState] = {}
        self.heads: dict[tuple[LinkId, OfficeId], Head] = {}
        self.heartbeats: dict[tuple[CorridorId, OfficeId], Heartbeat] = {}
        self._no_documents = TrustedDirectory(
            dict(pins),
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        )
        self.directory = self._no_documents
        self._store: Snapshot
        self._node_keys: dict[bytes, NodeKeys] = {}
        self._own_certificates: dict[CertificateTag, NodeKeys] = {}

    def load(self, tx: Transaction, now: int, result: BatchResult) -> None:
        """Take everything from the store, in place of what is in memory.

        A link that can't be taken from the store is read again from its first record.

        Args:
            tx: A transaction of the store; a link whose documents have changed since it was last
                read is reset in it.
            now: The office's clock, Unix milliseconds.
            result: Gets what could not be loaded.
        """
        self.load_identities(tx)
        self._store = tx.lasting()
        self.load_keys(tx)
        self.directory = self._no_documents
        self._learn(SIGNED_DOCUMENT.decode(stored.document) for stored in documents.iterate(tx))
        self.heads = {}
        for membership in memberships(self.directory, self.id):
            state = self.links.get(membership.link)
            if state is not None:
                self.load_link(state, tx, now, result)
        self.open_links(tx, now, result)

    def load_identities(self, tx: Transaction) -> None:
        """Take the office's own private keys from the store."""
        self._node_keys = {
            identity.public: NodeKeys.from_bytes(identity.keys)
            for identity in identities.all_of(tx)
        }
        self._own_certificates = self._certificates()

    def load_keys(self, tx: Transaction) -> None:
        """Take the symmetric keys from the store."""
        self.keyring.load(tx)

    def load_trees(self, tx: Transaction) -> None:
        """Take from the store what has been signed of the links' trees."""
        for state in self.links.values():
            state.trees.load(tx, state.link)

    def load_heads(self, tx: Transaction) -> None:
        """Take from the store what others have signed of the links, and why links are halted."""
        self.heads = {}
        for state in self.links.values():
            self._load_heads(state, tx)

    def load_link(self, state: LinkState, tx: Transaction, now: int, result: BatchResult) -> None:
        """Take a link from the store; if that fails, read it again from its first record."""
        link = state.link
        state.forget_under_way()
        self._load_heads(state, tx)
        state.trees.load(tx, link)
        state.shredded = shredded.of_link(tx, link)
        state.status.own_chain_checked = False
        attempt(
            "taking a link from the store",
            tx,
            result,
            lambda _: self._load_fold(state, tx, now),
            mend=lambda: read_all_again(self, state, now, tx),
            link=link,
        )
        failed = attempt(
            "taking the outbox from the store",
            tx,
            result,
            lambda _: self._load_outbox(state, tx),
            mend=state.forget_under_way,
            link=link,
        )
        if failed is not None:
            halt_over_own_events(state, failed, now, tx, result)

    def open_links(self, tx: Transaction, now: int, result: BatchResult) -> list[LinkState]:
        """Begin the state of every link of the office that has none yet.

        Returns:
            The new links' states.
        """
        opened: list[LinkState] = []
        for membership in memberships(self.directory, self.id):
            known = self.links.get(membership.link)
            if known is None:
                opened.append(self._open_link(tx, membership, now, result))
            else:
                known.status.is_party = membership.is_party
        return opened

    def take_documents(self, signed: Iterable[SignedDocument]) -> list[TouchedLink]:
        """Admit more trust documents.

        Returns:
            The open links of which they can have an answer changed.
        """
        self._learn(signed)
        touched = []
        for link, state in self.links.items():
            rules = self.directory.link_trust(link)
            reach = state.fold.trust.reach(rules)
            state.fold.trust_in(rules)
            if rules.digest != state.trust_digest:
                state.trust_digest = rules.digest
                touched.append(TouchedLink(state, reach))
        return touched

    def know_head(self, signer: OfficeId, head: Head) -> None:
        """Note the newest head of another office."""
        self.heads = {**self.heads, (head.link, signer): head}

    def know_heartbeat(self, heartbeat: Heartbeat) -> None:
        """Note the newest heartbeat of an office."""
        place = heartbeat.corridor, heartbeat.office
        self.heartbeats = {**self.heartbeats, place: heartbeat}

    def forget_head(self, link: LinkId, signer: OfficeId) -> None:
        """Drop a head that does not count any more."""
        self.heads = {key: head for key, head in self.heads.items() if key != (link, signer)}

    def author(self, link: LinkId, at: int) -> Author:
        """With which certificate and key the office writes on a link.

        Raises:
            NoIdentity: No valid certificate names a key of this store.
        """
        certified = self.certificate(at)
        if certified is None:
            raise NoIdentity(
                f"no certificate of {self.id} that is valid now names a key of this store; "
                "ask the country's root for one: blo agent certificate renew"
            )
        return Author(link, certified.tag, self._own_certificates[certified.tag].signing)

    def certificate(self, at: int) -> Certified | None:
        """The certificate that the office uses at an instant: the one that began last.

        Of those whose keys are here: a store that was restored may lack the newest.
        """
        for certified in reversed(self.directory.certificates(self.id)):
            if certified.tag in self._own_certificates and certified.valid_at(at):
                return certified
        return None

    def node_keys(self, public: bytes) -> NodeKeys | None:
        """The private keys whose signing key has this public part."""
        return self._node_keys.get(public)

    def node_keys_of(self, tag: CertificateTag) -> NodeKeys | None:
        """The private keys that belong to the office's own certificate with this tag."""
        return self._own_certificates.get(tag)

    def own_kem_keys(self) -> dict[CertificateTag, KemKey]:
        """What grants to the office's own certificates are opened with, by their tags."""
        return {tag: keys.kem for tag, keys in self._own_certificates.items()}

    def own_tags(self) -> frozenset[CertificateTag]:
        """The tags of the office's own certificates whose keys are here."""
        return frozenset(self._own_certificates)

    def readers_ever(self, link: LinkId) -> frozenset[OfficeId]:
        """Every office that may have signed a head of a link."""
        return head_signers(self.directory, link)

    def refused_agreements(self, link: LinkId) -> list[str]:
        """Why agreements of a link do not count, in words."""
        return refused_agreements(self.directory, link)

    def reader(self, state: LinkState) -> StoreReader:
        """What a second fold of a link needs."""
        return StoreReader(self._store, self.keyring.of(state.link))

    def restart(self, state: LinkState) -> None:
        """Begin a link's fold from the first record."""
        state.tally = VerdictCounts()
        state.unopened, state.kept, state.revision = [], [], None
        state.trust_digest = self.directory.digest_for_link(state.link)
        chain = self._chain(state, None)
        self._begin(state, chain, StoredViews(self._store, state.link), ())

    def fresh_fold(self, state: LinkState, keys: KeySource) -> tuple[LinkFold, CaseViews]:
        """A fold of the same link that begins at the first record and touches nothing stored.

        Args:
            state: The link.
            keys: The keys, for the thread in which it folds.
        """
        views = CaseViews()
        trust = self.directory.link_trust(state.link)
        chain = LinkChain(state.link, trust)
        fold = LinkFold(state.link, chain, trust, views, keys, read_content=True)
        return fold, views

    def _open_link(
        self, tx: Transaction, membership: Membership, now: int, result: BatchResult
    ) -> LinkState:
        state = LinkState(
            self.id,
            membership.link,
            membership.corridor,
            membership.partition,
            is_party=membership.is_party,
        )
        self.load_link(state, tx, now, result)
        self.links = {**self.links, state.link: state}
        return state

    def _load_fold(self, state: LinkState, tx: Transaction, now: int) -> None:
        state.status.load(tx, state.link)
        progress = links.get(tx, state.link)
        links.check_whole(tx, state.link)
        if progress is None:
            self.restart(state)
            return
        state.trust_digest = self.directory.digest_for_link(state.link)
        self._resume(tx, state, progress.snapshot)
        reader = self.reader(state)
        if progress.trust_digest != state.trust_digest:
            revise(state, EVERYTHING, reader, now, tx)
        elif state.status.revised_from is not None:
            revise_again(state, reader, tx)

    def _load_outbox(self, state: LinkState, tx: Transaction) -> None:
        for waiting in outbox.unconfirmed_of_link(tx, state.link):
            state.submit(self._submitted(state.link, waiting))

    def _load_heads(self, state: LinkState, tx: Transaction) -> None:
        state.status.load_halts(tx, state.link)
        for head in heads.of_link(tx, state.link):
            self.know_head(head.office, HEAD.decode(SIGNED_HEAD.decode(head.head).head))

    def _resume(self, snapshot: Snapshot, state: LinkState, chain_state: bytes) -> None:
        chain = self._chain(state, chain_state)
        chain.resume(chain_state)
        views = StoredViews(self._store, state.link)
        state.tally = load_tally(snapshot, self.id, state.link)
        state.unopened = list(records.unopened_positions(snapshot, state.link))
        state.kept, state.revision = kept_states.load(snapshot, state.link), None
        self._begin(state, chain, views, parked.unjudged(snapshot, state.link))

    def _begin(
        self, state: LinkState, chain: LinkChain, views: StoredViews, items: Iterable[ParkedRecord]
    ) -> None:
        fold = LinkFold(
            state.link,
            chain,
            self.directory.link_trust(state.link),
            views,
            self.keyring.of(state.link),
            read_content=True,
            parked=items,
        )
        state.begin(fold, views)

    def _chain(self, state: LinkState, snapshot: bytes | None) -> LinkChain:
        """A chain over what the store has of the link, as of a snapshot of it."""
        trust = self.directory.link_trust(state.link)
        state.stored_chain = StoredChain(self._store, state.link, snapshot)
        verification = TrustOwn(state.is_arriving)
        return LinkChain(state.link, trust, verification, memory=state.stored_chain.buffer)

    def _submitted(self, link: LinkId, waiting: outbox.OutboxRecord) -> PendingEvent:
        if waiting.value is None or waiting.event_id is None:
            raise ValueError(f"outbox record {waiting.seq} is no event")
        envelope = ENVELOPE.decode(waiting.value)
        header = HEADER.decode(envelope.header)
        key = self.keyring.of(link).summary_key(header.summary_key_id)
        if key is None:
            raise ValueError(f"outbox record {waiting.seq} is sealed with a key that is missing")
        summary = open_summary(link, header, envelope, key)
        leaf = leaf_hash(waiting.value)
        return PendingEvent(waiting.seq, waiting.event_id, header.case_id, summary, header.at, leaf)

    def _learn(self, signed: Iterable[SignedDocument]) -> None:
        self.directory, _ = self.directory.load(signed)
        self._own_certificates = self._certificates()

    def _certificates(self) -> dict[CertificateTag, NodeKeys]:
        """The private keys of the office's own certificates, by their tags."""
        by_tag = {}
        for certified in self.directory.certificates(self.id):
            private_keys = self.node_keys(certified.certificate.signing_key)
            if private_keys is not None:
                by_tag[certified.tag] = private_keys
        return by_tag


def begin_anew(office: Office, state: LinkState, now: int, tx: Transaction) -> None:
    """Forget what was folded of a link, because it is of no use.

    Its log is then read again from the first record. Outbox, journal and keys stay as they are.
    """
    progress = links.get(tx, state.link)
    size = max(state.status.rereads_to, 0 if progress is None else progress.size)
    store_reread(tx, state.link, size)
    links.reset(tx, state.link)
    kept_states.forget(tx, state.link)
    forget_tally(tx, state.link)
    office.restart(state)
    # Last, so that whoever looks from another thread never takes the old views for the new ones.
    state.status.rereads_to, state.status.revised_from = size, None
    state.status.own_chain_checked = False
    journal.append(tx, at=now, actor=PROGRAM, action="refold", link=state.link)


def read_all_again(office: Office, state: LinkState, now: int, tx: Transaction) -> None:
    """Read a link's records, keys and heads again, because what is stored of them is of no use."""
    for topic in (keys_topic(state.corridor), heads_topic(state.corridor)):
        meta.remove(tx, f"offset/{topic}/{state.partition}")
    begin_anew(office, state, now, tx)
    links.count_batch(tx, state.link)
