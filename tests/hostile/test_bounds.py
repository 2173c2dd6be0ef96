"""What a flood costs the honest programs: memory that has a bound for each hostile record."""

from __future__ import annotations

from typing import Final

import pytest

from blo_log.memory import MemoryCluster
from tests.agents.world import PROVINCE, A
from tests.hostile.arena import Arena
from tests.hostile.attacks import Move, Put
from tests.hostile.events import Keys, Layer, Write
from tests.hostile.scene import Scene
from tests.hostile.weight import weight
from tests.hostile.world import HOSTILE

FEW, MANY = 20, 120
BYTES_A_RECORD: Final = 4096
"""The bound: what each honest program keeps in memory of one hostile record, whatever its size."""
LARGE: Final = 7
"""Which of ``attacks.JUNK`` is as large as a record may be."""


def _write(keys: Keys, layer: Layer, times: int, *, case: int, value: int = LARGE) -> Write:
    return Write(
        case=case,
        step=1,
        any_step=False,
        layer=layer,
        field=0,
        value=value,
        keys=keys,
        log_time=0,
        clock=0,
        times=times,
    )


NEW_CASE: Final = 10**6 - 1


def _floods(times: int) -> dict[str, Move]:
    return {
        "parked": _write(Keys.TO_NOBODY, Layer.JUNK_BODY, times, case=0),
        "cases": _write(Keys.AS_HONEST, Layer.JUNK_BODY, times, case=102),
        "steps": _write(Keys.AS_HONEST, Layer.JUNK_BODY, times, case=1),
        "no events": Put(topic=0, partition=0, key=0, junk=LARGE, log_time=0, times=times),
        "no grants": Put(topic=1, partition=0, key=3, junk=2, log_time=0, times=times),
        "no heads": Put(topic=2, partition=0, key=9, junk=2, log_time=0, times=times),
        "no outputs": Put(topic=3, partition=0, key=3, junk=2, log_time=0, times=times),
    }


@pytest.mark.slow
@pytest.mark.parametrize("what", list(_floods(1)))
async def test_a_flood_costs_every_program_a_bounded_memory(arena: Arena, what: str) -> None:
    async with arena.world() as (world, cluster):
        hand = arena.hand(world, cluster, 1)
        async with Scene(world) as scene:
            weights = []
            for times in (FEW, MANY):
                await _floods(times)[what].make(hand)
                await scene.settle()
                weights.append(_weights(scene, cluster))
    for program, before in weights[0].items():
        each = (weights[1][program] - before) / MANY
        assert each <= BYTES_A_RECORD, f"{program} keeps {each:.0f} bytes of each record"


def _weights(scene: Scene, cluster: MemoryCluster) -> dict[str, int]:
    """What each program holds of the hostile link."""
    worker = scene.workers[HOSTILE]
    apart = [cluster, scene.world, scene.feed, scene.metrics, worker._context]
    held: dict[str, int] = {
        office: weight(scene.agents[office].desk(HOSTILE), apart) for office in (A, PROVINCE)
    }
    held["processor"] = weight(worker, apart)
    held["witness"] = weight(scene.witness.links[HOSTILE], apart)
    return held
