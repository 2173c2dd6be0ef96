"""The office in the memory of the store's thread: its documents, keys and desks (ADR 2).

``Office`` is loaded from the store when the agent starts. After that only the jobs in
``accepting`` and ``ingesting`` change it, each within its transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from blo_agent.containment import attempt
from blo_agent.office.batch import BatchResult
from blo_agent.office.halts import halt_over_own_events, load_halts
from blo_agent.office.keyring import Keyring
from blo_agent.office.link_state import PROGRAM, LinkState, LinkViews, PendingEvent, VerdictCounts
from blo_agent.office.membership import Membership, memberships, refused_agreements
from blo_agent.office.verdict_counts import forget_tally
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.errors import JobRefused
from blo_agent.store.tables import (
    cases,
    documents,
    heads,
    identities,
    journal,
    keys,
    links,
    meta,
    outbox,
    parked,
    records,
    shredded,
)
from blo_domain.heads import head_signers
from blo_domain.trust import TrustedDirectory
from blo_log.topics import heads_topic, keys_topic
from blo_projection.chain_snapshot import ChainRow
from blo_projection.fold import LinkFold
from blo_projection.link_chain import LinkChain
from blo_projection.parked_records import ParkedRecord
from blo_schemas.codec import COUNT
from blo_schemas.event import ENVELOPE, HEADER
from blo_schemas.grants import KeyPurpose
from blo_schemas.hashes import leaf_hash
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head
from blo_schemas.ids import CertificateTag, CountryId, DocumentId, LinkId, OfficeId
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument
from blo_sealing.event_parts import open_summary
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.keys import ContentKey, NodeKeys, SummaryKey
from blo_sealing.seal_event import Author
from blo_sealing.signatures import RandomBytes, is_usable_signing_key, verify_signature


class NoIdentity(JobRefused):
    """No valid certificate names a key of this store."""


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
        desks: What it has in front of it, by link. Replaced, never changed, when a desk is
            added, because the event loop looks at it too.
        heads: The newest valid head of every other office, by link and office; replaced likewise.
    """

    def __init__(
        self, office: OfficeId, pins: Mapping[CountryId, DocumentId], random: RandomBytes
    ) -> None:
        self.id = office
        self.random = random
        self.keyring = Keyring()
        self.links: dict[LinkId, LinkState] = {}
        self.heads: dict[tuple[LinkId, OfficeId], Head] = {}
        self._no_documents = TrustedDirectory(
            dict(pins),
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        )
        self.directory = self._no_documents
        self._node_keys: dict[bytes, NodeKeys] = {}
        self._own_certificates: dict[CertificateTag, NodeKeys] = {}

    def load(self, tx: Transaction, now: int, taken: BatchResult) -> None:
        """Take everything from the store, in place of what is in memory.

        A link that can't be taken from the store is read again from its first record.

        Args:
            tx: A transaction of the store; a link whose documents have changed since it was last
                read is reset in it.
            now: The office's clock, Unix milliseconds.
            taken: Gets what could not be loaded.
        """
        self._node_keys = {
            one.public: NodeKeys.from_bytes(one.keys) for one in identities.all_of(tx)
        }
        self.load_keys(tx)
        self.directory = self._no_documents
        self._learn(SIGNED_DOCUMENT.decode(stored.document) for stored in documents.iterate(tx))
        self.heads = {}
        for membership in memberships(self.directory, self.id):
            desk = self.links.get(membership.link)
            if desk is not None:
                self.load_desk(desk, tx, now, taken)
        self.open_links(tx, now, taken)

    def load_keys(self, tx: Transaction) -> None:
        """Take the symmetric keys from the store."""
        self.keyring.forget()
        for stored in keys.all_of(tx):
            self._hold(stored)

    def load_trees(self, tx: Transaction) -> None:
        """Take from the store what has been signed of the links' trees."""
        for desk in self.links.values():
            desk.trees.load(tx, desk.link)

    def load_heads(self, tx: Transaction) -> None:
        """Take from the store what others have signed of the links, and why links are halted."""
        self.heads = {}
        for desk in self.links.values():
            self._load_heads(desk, tx)

    def load_desk(self, desk: LinkState, tx: Transaction, now: int, taken: BatchResult) -> None:
        """Take a link from the store; if that fails, read it again from its first record."""
        link = desk.link
        desk.forget_under_way()
        self._load_heads(desk, tx)
        desk.trees.load(tx, link)
        desk.shredded = shredded.of_link(tx, link)
        desk.own_chain_checked = False
        attempt(
            "taking a link from the store",
            tx,
            taken,
            lambda _: self._load_fold(desk, tx, now),
            mend=lambda: read_all_again(self, desk, now, tx),
            link=link,
        )
        failed = attempt(
            "taking the outbox from the store",
            tx,
            taken,
            lambda _: self._load_outbox(desk, tx),
            mend=desk.forget_under_way,
            link=link,
        )
        if failed is not None:
            halt_over_own_events(desk, failed, now, tx, taken)

    def open_links(self, tx: Transaction, now: int, taken: BatchResult) -> list[LinkState]:
        """Open a desk for every link that the office has to do with and that has none yet.

        Returns:
            The new desks.
        """
        opened: list[LinkState] = []
        for membership in memberships(self.directory, self.id):
            known = self.links.get(membership.link)
            if known is None:
                opened.append(self._open_link(tx, membership, now, taken))
            else:
                known.is_party = membership.is_party
        return opened

    def take_documents(self, found: Iterable[SignedDocument]) -> list[LinkId]:
        """Admit more trust documents.

        Returns:
            The links whose verdicts they can change, among those that have a desk.
        """
        self._learn(found)
        touched = []
        for link, desk in self.links.items():
            desk.fold.trust_in(self.directory.link_trust(link))
            if self.directory.digest_for_link(link) != desk.trust_digest:
                desk.trust_digest = self.directory.digest_for_link(link)
                touched.append(link)
        return touched

    def know_head(self, signer: OfficeId, head: Head) -> None:
        """Note the newest head of another office."""
        self.heads = {**self.heads, (head.link, signer): head}

    def forget_head(self, link: LinkId, signer: OfficeId) -> None:
        """Drop a head that does not count any more."""
        self.heads = {key: head for key, head in self.heads.items() if key != (link, signer)}

    def author(self, link: LinkId, at: int) -> Author:
        """With which certificate and key the office writes on a link.

        Raises:
            NoIdentity: No valid certificate names a key of this store.
        """
        certified = self.directory.certificate(self.id, at)
        held = None if certified is None else self.node_keys(certified.certificate.signing_key)
        if certified is None or held is None:
            raise NoIdentity(
                f"no certificate of {self.id} that is valid now names a key of this store; "
                "ask the country's root for one, and publish it with 'blo trust publish'"
            )
        return Author(link, certified.tag, held.signing)

    def node_keys(self, public: bytes) -> NodeKeys | None:
        """The private keys whose signing key has this public part."""
        return self._node_keys.get(public)

    def node_keys_of(self, tag: CertificateTag) -> NodeKeys | None:
        """The private keys that belong to the office's own certificate with this tag."""
        return self._own_certificates.get(tag)

    def own_tags(self) -> frozenset[CertificateTag]:
        """The tags of the office's own certificates whose keys are here."""
        return frozenset(self._own_certificates)

    def readers_ever(self, link: LinkId) -> frozenset[OfficeId]:
        """Every office that may have signed a head of a link."""
        return head_signers(self.directory, link)

    def refused_agreements(self, link: LinkId) -> list[str]:
        """Why agreements of a link do not count, in words."""
        return refused_agreements(self.directory, link)

    def restart(self, desk: LinkState) -> None:
        """Begin a desk's fold from the first record."""
        desk.tally = VerdictCounts()
        desk.unopened = []
        desk.trust_digest = self.directory.digest_for_link(desk.link)
        chain = self._chain(desk)
        self._begin(desk, chain, LinkViews(), ())

    def fresh_fold(self, desk: LinkState) -> tuple[LinkFold, LinkViews]:
        """A fold of the same link that begins at the first record and touches nothing stored."""
        views = LinkViews()
        trust = self.directory.link_trust(desk.link)
        chain = LinkChain(desk.link, trust)
        keys = self.keyring.of(desk.link)
        fold = LinkFold(desk.link, chain, trust, views, keys, read_content=True)
        return fold, views

    def _open_link(
        self, tx: Transaction, membership: Membership, now: int, taken: BatchResult
    ) -> LinkState:
        desk = LinkState(
            self.id,
            membership.link,
            membership.corridor,
            membership.partition,
            is_party=membership.is_party,
        )
        self.load_desk(desk, tx, now, taken)
        self.links = {**self.links, desk.link: desk}
        return desk

    def _load_fold(self, desk: LinkState, tx: Transaction, now: int) -> None:
        desk.rereads_to = rereads_to(tx, desk.link)
        progress = links.get(tx, desk.link)
        links.check_whole(tx, desk.link)
        if progress is None:
            self.restart(desk)
            return
        desk.tally = VerdictCounts()
        desk.trust_digest = progress.trust_digest
        self._resume(tx, desk, progress.snapshot)
        if progress.trust_digest != self.directory.digest_for_link(desk.link):
            begin_anew(self, desk, now, tx)

    def _load_outbox(self, desk: LinkState, tx: Transaction) -> None:
        for waiting in outbox.unconfirmed_of_link(tx, desk.link):
            desk.submit(self._submitted(desk.link, waiting))

    def _load_heads(self, desk: LinkState, tx: Transaction) -> None:
        load_halts(desk, tx)
        for head in heads.of_link(tx, desk.link):
            self.know_head(head.office, HEAD.decode(SIGNED_HEAD.decode(head.head).head))

    def _resume(self, snapshot: Snapshot, desk: LinkState, chain_state: bytes) -> None:
        chain = self._chain(desk)
        chain.restore(chain_state, _chain_rows(snapshot, desk.link))
        views = LinkViews()
        for view in cases.iterate(snapshot, desk.link):
            views.put(view)
        views.take_changed()
        for tally in records.tallies(snapshot, desk.link):
            own = tally.office == self.id
            desk.tally.count(tally.verdict, own=own, times=tally.count)
        desk.unopened = list(records.unopened_positions(snapshot, desk.link))
        self._begin(desk, chain, views, parked.unjudged(snapshot, desk.link))

    def _begin(
        self, desk: LinkState, chain: LinkChain, views: LinkViews, items: Iterable[ParkedRecord]
    ) -> None:
        fold = LinkFold(
            desk.link,
            chain,
            self.directory.link_trust(desk.link),
            views,
            self.keyring.of(desk.link),
            read_content=True,
            parked=items,
        )
        desk.begin(fold, views)

    def _chain(self, desk: LinkState) -> LinkChain:
        trust = self.directory.link_trust(desk.link)
        return LinkChain(desk.link, trust, trusted_id=desk.is_arriving)

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

    def _hold(self, stored: keys.StoredKey) -> None:
        held = self.keyring.of(stored.link)
        if stored.purpose is KeyPurpose.CONTENT:
            held.add_content(ContentKey(stored.key))
        else:
            held.add_summary(SummaryKey(stored.key))

    def _learn(self, found: Iterable[SignedDocument]) -> None:
        self.directory, _ = self.directory.load(found)
        self._own_certificates = self._certificates()

    def _certificates(self) -> dict[CertificateTag, NodeKeys]:
        """The private keys of the office's own certificates, by their tags."""
        found = {}
        for certified in self.directory.certificates(self.id):
            held = self.node_keys(certified.certificate.signing_key)
            if held is not None:
                found[certified.tag] = held
        return found


def begin_anew(office: Office, desk: LinkState, now: int, tx: Transaction) -> None:
    """Forget what was folded of a link, because documents that its verdicts rest on have changed.

    Its log is then read again from the first record. Outbox, journal and keys stay as they are.
    """
    progress = links.get(tx, desk.link)
    size = max(desk.rereads_to, 0 if progress is None else progress.size)
    meta.put(tx, _rereads_key(desk.link), COUNT.encode(size))
    links.reset(tx, desk.link)
    forget_tally(tx, desk.link)
    office.restart(desk)
    # Last, so that whoever looks from another thread never takes the old views for the new ones.
    desk.rereads_to = size
    desk.own_chain_checked = False
    journal.append(tx, at=now, actor=PROGRAM, action="refold", link=desk.link)


def read_all_again(office: Office, desk: LinkState, now: int, tx: Transaction) -> None:
    """Read a link's records, keys and heads again, because what is stored of them is of no use."""
    for topic in (keys_topic(desk.corridor), heads_topic(desk.corridor)):
        meta.remove(tx, f"offset/{topic}/{desk.partition}")
    begin_anew(office, desk, now, tx)
    links.count_batch(tx, desk.link)


def rereads_to(snapshot: Snapshot, link: LinkId) -> int:
    """Up to which size a link was being read again when the store was last written."""
    stored = meta.get(snapshot, _rereads_key(link))
    return 0 if stored is None else COUNT.decode(stored)


def _rereads_key(link: LinkId) -> str:
    return f"rereads/{link}"


def _chain_rows(snapshot: Snapshot, link: LinkId) -> Iterator[ChainRow]:
    for row in records.chain(snapshot, link):
        if row.chained:
            yield ChainRow(row.log_hash, row.office, row.event_id)
        else:
            yield ChainRow(row.log_hash, None, None)
