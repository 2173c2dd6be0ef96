"""Loads and writes the stored state of one link (ADR 15).

A state is written after the output topics were read back and had all outputs up to its size. So a
start that goes on from it reads what is behind: records, grants, heads and outputs. A state that
anything speaks against is not repaired: the link is folded from its first record, which is always
right, and the log and ``blo_folds_from_zero_total`` say why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

from blo_domain.processor_outputs import refuse_signer
from blo_domain.trust import TrustReach
from blo_processors.context import WorkerContext
from blo_processors.errors import (
    StateDamaged,
    StateError,
    StateInUse,
    StateRefusal,
    StateRefused,
    StateUnwritable,
)
from blo_processors.link.fold_state import LinkFoldState
from blo_processors.link.link_parts import LinkParts
from blo_processors.outputs.encode import LinkPartition
from blo_processors.snapshot.fold_rows import Rows, save_fold
from blo_processors.snapshot.proof import StateProof
from blo_processors.snapshot.rules import rules_digest
from blo_processors.snapshot.side_rows import save_side
from blo_processors.snapshot.state_file import StateFile
from blo_processors.snapshot.state_folder import StateFolder, remove
from blo_projection.chain_snapshot import CHAIN_SNAPSHOT
from blo_projection.outputs import OpenedOutput
from blo_runtime.logs import get_logger
from blo_schemas.errors import WireError
from blo_schemas.ids import CertificateTag
from blo_schemas.processor_state import (
    STATE_HEAD,
    STATE_VERSION,
    StateHead,
    TopicPlace,
)
from blo_sealing.identity import Signer

_SHARE_OF_SIDE: Final = 1_000
"""After so many records of the other topics a state is written although the link is at rest."""


class StoredState(NamedTuple):
    """A state that was loaded and is still to be proved by the log.

    Attributes:
        file: Its file.
        head: Its first record.
        rows: What is open.
        keeps_heads: Whether the heads in it count: the trust documents are the same.
        keeps_keys: Whether its place on the topic of keys counts: the certificates are the same.
    """

    file: StateFile
    head: StateHead
    rows: Rows
    keeps_heads: bool
    keeps_keys: bool


class LinkSnapshot:
    """The stored state of one link.

    Args:
        place: The link.
        context: The worker's services.

    Attributes:
        size: The number of records in the state that was written or loaded last; -1: none was.
    """

    def __init__(self, place: LinkPartition, context: WorkerContext) -> None:
        self.size = -1
        self._read = 0
        self._signers: frozenset[CertificateTag] = frozenset()
        self._place = place
        self._context = context
        self._folder = StateFolder(context.state)
        self._file: StateFile | None = None
        self._is_first = False

    async def load(self) -> StoredState | None:
        """The stored state; ``None``: there is none, and that was said.

        Raises:
            StateError: It can't be used.
        """
        await self.close()
        keys = self._context.identity.pairs
        opened = await asyncio.to_thread(self._folder.open, self._place.link, keys)
        if opened is None:
            if self._context.state is not None:
                self._say(StateRefusal.MISSING, "there is no stored state")
            return None
        self._file, first = opened
        return await asyncio.to_thread(self._checked, self._file, first)

    async def create(self, signer: Signer) -> StateFile:
        """A new file for a fold from the first record.

        Raises:
            StateUnwritable: The folder does not take it.
            TempTableFailed: Neither does the directory for temporary files.
        """
        await self.close()
        create, link = self._folder.create, self._place.link
        self._file = await asyncio.to_thread(create, link, signer.keys)
        self._is_first = True
        return self._file

    async def prove(
        self,
        stored: StoredState,
        state: LinkFoldState,
        open_output: Callable[[bytes], OpenedOutput],
    ) -> None:
        """Compare a loaded state with the log; raises as ``StateProof.check``."""
        proof = StateProof(
            self._context.log, self._place, stored.head, stored.file.path, open_output
        )
        await proof.check(state)
        self.size = stored.head.size
        self._read = _read(stored.head.places)
        self._signers = frozenset(map(CertificateTag, stored.head.signers))
        get_logger().info("goes on from its stored state", link=self._place.link, size=self.size)

    async def give_up(self, error: StateError, *, is_last: bool) -> None:
        """Say why the state is not used, and remove what can't be.

        Args:
            error: Why.
            is_last: Whether a state was given up for this fold before: none is kept then until the
                next start.
        """
        self._say(error.reason, str(error))
        await self.close()
        if is_last or isinstance(error, StateInUse | StateUnwritable):
            self._folder = StateFolder(None)
        elif isinstance(error, StateDamaged) and error.path is not None:
            try:
                remove(error.path)
            except StateUnwritable as failure:
                self._say(failure.reason, str(failure))
                self._folder = StateFolder(None)

    def is_due(self, parts: LinkParts) -> bool:
        """Whether there is enough new to write a state."""
        if self._file is None or self._file.path is None:
            return False
        moved = parts.state.size > max(self.size, 0)
        return moved or _read(_places(parts)) - self._read > _SHARE_OF_SIDE

    async def save(self, parts: LinkParts) -> bool:
        """Write the state; all its outputs were read back. Returns whether it was written.

        Raises:
            StateError: It can't be written; the file must be given up.
        """
        file, checkpoint = self._file, parts.published.checkpoint
        state, directory = parts.state, self._context.feed.directory
        if file is None or file.path is None or checkpoint is None:
            return False
        is_whole = 0 < state.size == checkpoint.size and not parts.reconciler.unread
        if not is_whole or state.fold.trust.digest != directory.digest_for_link(self._place.link):
            return False
        await asyncio.to_thread(self._write, file, parts, checkpoint.offset)
        if self._is_first:
            self._is_first = False
            self._remove_others(file)
        self.size = state.size
        self._read = _read(_places(parts))
        self._context.metrics.state_size.labels(link=self._place.link).set(state.size)
        return True

    def _remove_others(self, file: StateFile) -> None:
        try:
            self._folder.remove_others(self._place.link, file)
        except StateUnwritable as error:
            # They only take room, and a start tries the newest one first.
            get_logger().warning("old states are left", link=self._place.link, error=str(error))

    async def close(self) -> None:
        """Close the file; what was not written is gone."""
        file, self._file = self._file, None
        self.size, self._read = -1, 0
        self._signers = frozenset()
        if file is not None:
            await asyncio.to_thread(file.close)

    def _say(self, reason: StateRefusal, detail: str) -> None:
        link = self._place.link
        self._context.metrics.folds_from_zero.labels(link=link, reason=reason.value).inc()
        get_logger().warning(
            "folded from the first record", link=link, reason=f"{reason}: {detail}"
        )

    # Loading.

    def _checked(self, file: StateFile, first: bytes) -> StoredState:
        try:
            head = STATE_HEAD.decode(first)
        except WireError as error:
            raise StateRefused(file.path, StateRefusal.RULES, str(error)) from error
        context, place = self._context, self._place
        if head.rules != rules_digest():
            raise StateRefused(file.path, StateRefusal.RULES, "another program has written it")
        named = (head.link, head.corridor, head.partition, head.processor)
        if named != (*place, context.identity.subject):
            raise StateDamaged(file.path, f"it is of {head.link} and {head.processor}")
        if head.contested:
            detail = "outputs of others contradict it"
            raise StateRefused(file.path, StateRefusal.OUTPUTS, detail)
        self._check_signers(file, head)
        keeps_heads = head.trust == context.feed.directory.digest_for_link(place.link)
        if not keeps_heads:
            self._check_trust(file, head)
        return StoredState(file, head, file.load_open(), keeps_heads, head.own == self._own())

    def _check_signers(self, file: StateFile, head: StateHead) -> None:
        context = self._context
        directory, now = context.feed.directory, context.clock.now_ms()
        for tag in head.signers:
            refusal = refuse_signer(directory, self._place.link, CertificateTag(tag), now)
            if refusal is not None:
                detail = f"the certificate {tag.hex()} has signed its outputs: {refusal}"
                raise StateRefused(file.path, StateRefusal.SIGNERS, detail)

    def _check_trust(self, file: StateFile, head: StateHead) -> None:
        """Refuse a state that newer documents concern."""
        feed, link = self._context.feed, self._place.link
        before = feed.as_of(head.documents).link_trust(link)
        reach: TrustReach = before.reach(feed.directory.link_trust(link))
        traces = CHAIN_SNAPSHOT.decode(head.chain).traces.traces()
        known = before.digest == head.trust
        if not known or not traces.spared(reach, head.size, traces.latest):
            detail = "new trust documents concern its records"
            raise StateRefused(file.path, StateRefusal.TRUST, detail)

    def _own(self) -> tuple[bytes, ...]:
        """The tags of the processor's certificates whose private keys it has."""
        identity, directory = self._context.identity, self._context.feed.directory
        tags = (certified.tag for certified in directory.certificates(identity.subject))
        return tuple(sorted(tag for tag in tags if identity.keys_of(directory, tag) is not None))

    # Writing.

    def _write(self, file: StateFile, parts: LinkParts, checkpoint: int) -> None:
        save_fold(parts.state, file)
        save_side(parts.granted, parts.health, parts.encoder, file)
        file.commit(STATE_HEAD.encode(self._head(parts, checkpoint)))

    def _head(self, parts: LinkParts, checkpoint: int) -> StateHead:
        feed, place, state = self._context.feed, self._place, parts.state
        chain = state.fold.chain
        signers = {*self._signers, *parts.published.signers, parts.encoder.signer.tag}
        self._signers = frozenset(signers)
        return StateHead(
            v=STATE_VERSION,
            rules=rules_digest(),
            link=place.link,
            corridor=place.corridor,
            partition=place.partition,
            processor=self._context.identity.subject,
            documents=feed.offset,
            trust=state.fold.trust.digest,
            own=self._own(),
            signers=tuple(sorted(signers)),
            size=state.size,
            log_hash=state.log_hash,
            tree_root=chain.tree_root(),
            admissions=state.admissions,
            chain=chain.snapshot(),
            log_time=state.log_time,
            cases=len(state.cases),
            checkpoint=checkpoint,
            places=_places(parts),
            contested=parts.reconciler.is_contested or parts.published.was_cut,
        )


def _places(parts: LinkParts) -> tuple[TopicPlace, ...]:
    return (*parts.published.places.stored(), *parts.side.places.stored())


def _read(places: tuple[TopicPlace, ...]) -> int:
    return sum(place.offset for place in places)
