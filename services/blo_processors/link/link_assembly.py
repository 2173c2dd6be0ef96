"""Makes the parts of a link's worker: from its stored state, or for a fold from the first record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from blo_log.errors import LogTruncated
from blo_processors.context import WorkerContext
from blo_processors.errors import NoProcessorIdentity, StateDamaged, StateRefusal, StateRefused
from blo_processors.link.fold_state import LinkFoldState, terms_of_link
from blo_processors.link.health import LinkHealth
from blo_processors.link.link_parts import LinkParts
from blo_processors.link.side_topics import SideTopics
from blo_processors.link.topic_places import TopicPlaces
from blo_processors.outputs.encode import LinkPartition, OutputEncoder
from blo_processors.outputs.mark_table import KnownOutputs
from blo_processors.outputs.published import PublishedOutputs, PublishedOutputsReader
from blo_processors.outputs.reconcile import OutputReconciler
from blo_processors.snapshot.fold_rows import load_fold
from blo_processors.snapshot.link_snapshot import LinkSnapshot, StoredState
from blo_processors.snapshot.series import SeriesSet
from blo_processors.snapshot.side_rows import load_side, output_places, side_places
from blo_projection.errors import SnapshotMismatch
from blo_projection.granted_keys import GrantedKeys, OutputKeys
from blo_projection.outputs import OpenedOutput, OutputReader
from blo_schemas.errors import WireError
from blo_schemas.processor_state import StateRowKind
from blo_sealing.errors import SealingError
from blo_sealing.identity import Signer

_NO_ROWS: Final[dict[StateRowKind, dict[bytes, bytes]]] = {kind: {} for kind in StateRowKind}


class LinkAssembly:
    """Assembles the parts of one link.

    Args:
        place: The link.
        context: The worker's services.
        snapshot: Its stored state.
    """

    def __init__(
        self, place: LinkPartition, context: WorkerContext, snapshot: LinkSnapshot
    ) -> None:
        self._place = place
        self._context = context
        self._snapshot = snapshot

    async def assemble(self, stored: StoredState | None, dead: Collection[int]) -> LinkParts:
        """The parts, up to where the outputs were read.

        Args:
            stored: The stored state to go on from; ``None``: the fold begins at the first record.
            dead: Positions of records that pass the record layer only.

        Raises:
            NoProcessorIdentity: No valid certificate names a key of this processor.
            StateError: The stored state can't be used.
            LogError: The log can't be read.
        """
        context, place = self._context, self._place
        signer = self._signer()
        directory = context.feed.directory
        file = await self._snapshot.create(signer) if stored is None else stored.file
        granted = GrantedKeys(place.link, context.identity)
        health = LinkHealth(place.link, context.liveness.newest)
        encoder = OutputEncoder(place, signer, granted)
        known = KnownOutputs(file)
        published = PublishedOutputsReader(
            context.log, place, signer.tag, _opener(place, context, granted), context.line
        )
        rows = _NO_ROWS if stored is None else stored.rows
        state = LinkFoldState(
            place.link,
            directory.link_trust(place.link),
            granted,
            terms_of_link(directory, place.link),
            checkpoint_every=context.options.checkpoint_every,
            dead=dead,
            series=SeriesSet(file, rows[StateRowKind.TAIL]),
        )
        places = TopicPlaces()
        if stored is not None:
            places = await self._go_on(stored, state, granted, health, encoder, published)
            published.expects = known.has
        side = SideTopics(context.log, place, granted, context.feed, health, places)
        begun = await self._read(stored, side, published)
        reconciler = OutputReconciler(encoder, begun, known, is_resumed=stored is not None)
        published.expects = known.has
        if stored is not None:
            await asyncio.to_thread(reconciler.look_at_trail, begun)
            if reconciler.contested:
                detail = "outputs of others contradict it"
                raise StateRefused(stored.file.path, StateRefusal.OUTPUTS, detail)
        return LinkParts(
            state=state,
            granted=granted,
            health=health,
            side=side,
            encoder=encoder,
            published=published,
            known=known,
            reconciler=reconciler,
            begun=begun,
            is_resumed=stored is not None,
        )

    async def _go_on(
        self,
        stored: StoredState,
        state: LinkFoldState,
        granted: GrantedKeys,
        health: LinkHealth,
        encoder: OutputEncoder,
        published: PublishedOutputsReader,
    ) -> TopicPlaces:
        """Load a stored state and have the log prove it; returns its places beside the outputs."""
        head, context, place = stored.head, self._context, self._place
        heads = stored.keeps_heads
        try:
            await asyncio.to_thread(load_fold, state, stored.file, head, stored.rows)
            load_side(stored.rows, granted, health, encoder, keeps_heads=heads)
        except (WireError, SealingError, SnapshotMismatch) as error:
            raise StateDamaged(stored.file.path, str(error)) from error
        open_output = _opener(place, context, granted)

        async def prove() -> None:
            await self._snapshot.prove(stored, state, open_output)

        await context.line.keep_trying(place.link, prove)
        published.go_on(output_places(head, place), head.size, head.checkpoint)
        return side_places(head, place, keeps_heads=heads, keeps_keys=stored.keeps_keys)

    async def _read(
        self, stored: StoredState | None, side: SideTopics, published: PublishedOutputsReader
    ) -> PublishedOutputs:
        """Read grants, heads and outputs to their ends."""
        context, link = self._context, self._place.link
        try:
            await context.line.keep_trying(link, side.refresh)
            await context.line.keep_trying(link, context.liveness.refresh)
            begun = await published.read()
            if stored is not None and published.was_cut:
                detail = "a topic of outputs was cut"
                raise StateRefused(stored.file.path, StateRefusal.OUTPUTS, detail)
        except LogTruncated as error:
            await side.close()
            if stored is None:
                raise
            raise StateRefused(stored.file.path, StateRefusal.OUTPUTS, str(error)) from error
        except BaseException:
            await side.close()
            raise
        return begun

    def _signer(self) -> Signer:
        context = self._context
        signer = context.identity.signer(context.feed.directory, context.clock.now_ms())
        if signer is None:
            raise NoProcessorIdentity(context.identity.subject)
        return signer


def _opener(
    place: LinkPartition, context: WorkerContext, granted: GrantedKeys
) -> Callable[[bytes], OpenedOutput]:
    """What verifies and opens any output of the link."""

    def open_output(value: bytes) -> OpenedOutput:
        directory = context.feed.directory
        keys = OutputKeys(place.link, directory, context.identity, granted)
        reader = OutputReader(place.link, directory, keys, context.clock.now_ms)
        accepted = reader.accept(value)
        keys.derive_own_key(accepted)
        return reader.unseal(accepted)

    return open_output
