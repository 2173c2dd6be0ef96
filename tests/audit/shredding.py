"""Cases that offices shred by agreement, in logs that tests make or continue."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import msgspec

from blo_domain.deadlines.policies import four_urgencies
from blo_log.port import ConsumedRecord
from blo_schemas.grants import grant_record_key
from blo_schemas.ids import CaseId, KeyId, OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Step, Summary
from blo_schemas.trust import Role
from blo_sealing.seal_event import seal_event_without_content
from tests.audit.exhibits import LINK, World, Writer
from tests.audit.scene import Scene
from tests.processors.world import CORRIDOR, LA, OBSERVER, START, VN

THIRD = OfficeId("la-c")
BOTH = (VN, LA)


def continued(scene: Scene) -> Writer:
    """The scene's writer, who may write on without the scene being changed."""
    # A hash context is only ever copied from, and no record waits for a writer with all keys.
    fold = scene.writer.fold
    shared = (scene.world, fold.chain._event, fold.parked)
    return copy.deepcopy(scene.writer, {id(one): one for one in shared})


def conference() -> World:
    """A link of three offices."""
    world = World(seed=3)
    world.certify(THIRD, Role.OFFICE)
    world.directory = world.load()
    _agree(world, (*BOTH, THIRD), effective_from=1)
    world.directory = world.load()
    return world


def leave(world: World, writer: Writer) -> None:
    """The third office leaves the conference; all three have signed that."""
    writer.now += 2
    _agree(world, BOTH, effective_from=writer.now - 1)
    world.reload(writer)


def _agree(world: World, parties: Sequence[OfficeId], effective_from: int) -> None:
    offices = tuple(sorted(parties))
    [before] = world.directory.newest_agreements(CORRIDOR)
    agreed = msgspec.structs.replace(
        before,
        version=before.version + 1,
        effective_from=effective_from,
        offices=offices,
        policy=four_urgencies(offices),
    )
    world.sign(agreed, [world.keys[office].signing for office in (*BOTH, THIRD)])


def agreed(writer: Writer, offices: Sequence[OfficeId] = BOTH) -> CaseId:
    """A case in which nothing more is owed, and that these offices want shredded."""
    case = writer.open(offices[0])
    writer.step(offices[0], case, Step.WITHDRAW)
    for office in offices:
        writer.step(office, case, Step.SHRED)
    return case


def confirmation(writer: Writer, office: OfficeId, case: CaseId) -> bytes:
    """What an office signs when it has deleted: without content, for the key is gone."""
    view = writer.views.get(case)
    assert view is not None
    summary = Summary(
        SUMMARY_VERSION, view.kind, Step.CONFIRM_SHREDDING, view.urgency, view.version
    )
    return seal_event_without_content(
        writer.author(office),
        writer.fold.chain.next_place(office),
        at=writer.now,
        case=case,
        summary_key=writer.key_of(office),
        summary=summary,
        random=writer.dice.randbytes,
    ).value


def confirm(writer: Writer, case: CaseId, *offices: OfficeId) -> None:
    """These offices sign that they have deleted."""
    for office in offices:
        writer.put(confirmation(writer, office, case))


def withdrawal(case: bytes, recipient: OfficeId = OBSERVER) -> ConsumedRecord:
    """The tombstone of a grant."""
    return ConsumedRecord(10**6, START, grant_record_key(KeyId(case), recipient), None)


__all__ = [
    "BOTH",
    "LINK",
    "THIRD",
    "agreed",
    "conference",
    "confirm",
    "confirmation",
    "continued",
    "leave",
    "withdrawal",
]
