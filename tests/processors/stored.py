"""A fold over a state file, and one that goes on from it."""

from __future__ import annotations

from pathlib import Path

from blo_processors.link.fold_state import LinkFoldState
from blo_processors.snapshot.fold_rows import load_fold, save_fold
from blo_processors.snapshot.rules import rules_digest
from blo_processors.snapshot.series import SeriesSet
from blo_processors.snapshot.state_file import StateFile
from blo_schemas.ids import OfficeId
from blo_schemas.processor_state import STATE_HEAD, STATE_VERSION, StateHead, StateRowKind
from tests.processors.seeing import KeysOfWriter, terms
from tests.processors.world import PROCESSOR, LinkWriter, World

KEY = bytes(range(32))


def new_fold(world: World, writer: LinkWriter, series: SeriesSet | None) -> LinkFoldState:
    """A fold that has read nothing; it collects effects."""
    place = writer.place
    return LinkFoldState(
        place.link,
        world.directory.link_trust(place.link),
        KeysOfWriter(writer),
        terms(world, place),
        checkpoint_every=7,
        series=series,
    )


def commit(state: LinkFoldState, writer: LinkWriter, file: StateFile) -> None:
    """Write a fold into its file."""
    save_fold(state, file)
    place, chain = writer.place, state.fold.chain
    head = StateHead(
        v=STATE_VERSION,
        rules=rules_digest(),
        link=place.link,
        corridor=place.corridor,
        partition=place.partition,
        processor=OfficeId(PROCESSOR),
        documents=0,
        trust=bytes(32),
        own=(),
        signers=(),
        size=state.size,
        log_hash=state.log_hash,
        tree_root=chain.tree_root(),
        admissions=state.admissions,
        chain=chain.snapshot(),
        log_time=state.log_time,
        cases=len(state.cases),
        checkpoint=0,
        places=(),
        contested=False,
    )
    file.commit(STATE_HEAD.encode(head))


def reopened(world: World, writer: LinkWriter, path: Path) -> tuple[LinkFoldState, StateFile]:
    """The fold that goes on from a file's last commit."""
    file = StateFile.open(path, KEY)
    try:
        first = file.first()
        assert first is not None
        rows = file.load_open()
        state = new_fold(world, writer, SeriesSet(file, rows[StateRowKind.TAIL]))
        load_fold(state, file, STATE_HEAD.decode(first), rows)
    except BaseException:
        file.close()
        raise
    return state, file
