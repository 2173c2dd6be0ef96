"""Makes the office's own heads: the state of its reading, signed (docs/domain.md §9)."""

from __future__ import annotations

from blo_agent.office.link_state import LinkState
from blo_agent.office.state import Office
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import journal
from blo_log.port import ProducerRecord
from blo_log.topics import heads_topic
from blo_schemas.heads import HEAD_VERSION, MAX_NAMED_UNOPENED, SIGNED_HEAD, Head, head_record_key
from blo_sealing.statements import sign_head


def make_head(office: Office, state: LinkState, now: int, snapshot: Snapshot) -> Head:
    """The office's head of a link: size, hashes, and what it could not open.

    Raises:
        NoIdentity: There is no valid certificate to sign with.
    """
    chain = state.fold.chain
    anchored = journal.head(snapshot)
    return Head(
        v=HEAD_VERSION,
        link=state.link,
        office=office.id,
        kid=office.author(state.link, now).kid,
        size=chain.size,
        log_hash=chain.log_hash,
        tree_root=chain.tree_root(),
        view_digest=state.views.digest(),
        unopened=len(state.unopened),
        first_unopened=tuple(state.unopened[:MAX_NAMED_UNOPENED]),
        journal_size=anchored.size,
        journal_hash=anchored.hash,
        at=now,
    )


def says_the_same(before: Head, head: Head) -> bool:
    """Whether a head says no more of its link than one before; the journal is not the link's."""
    return _of_link(before) == _of_link(head)


def head_message(office: Office, state: LinkState, head: Head) -> ProducerRecord:
    """An own head, signed, ready to be appended to ``blo.heads.{corridor}``.

    Raises:
        NoIdentity: There is no valid certificate to sign with.
    """
    signed = sign_head(head, office.author(state.link, head.at).signing)
    key = head_record_key(state.link, office.id)
    return ProducerRecord(
        heads_topic(state.corridor), state.partition, key, SIGNED_HEAD.encode(signed)
    )


def _of_link(head: Head) -> tuple[object, ...]:
    return (
        head.kid,
        head.size,
        head.log_hash,
        head.tree_root,
        head.view_digest,
        head.unopened,
        head.first_unopened,
    )
