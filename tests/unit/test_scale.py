"""``docs/scale.md`` is what its program computes, and its samples are of the sizes that it says."""

from __future__ import annotations

import pytest

from blo_log.topics import plan
from blo_schemas.codec import encode
from blo_schemas.ids import CorridorId, LinkId, OfficeId
from blo_schemas.outputs import (
    OUTPUT_VERSION,
    Output,
    OutputKind,
    SignedOutput,
    TrailEntry,
    TrailState,
)
from blo_schemas.verdicts import ACCEPTED
from tests.bench import constants
from tests.bench.scale import CONTINENT, PAGE, PROVINCES, Deployment, page, topics


def test_the_page_is_what_the_program_computes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.bench.scale"


@pytest.mark.parametrize("deployment", [PROVINCES, CONTINENT])
def test_the_partitions_are_those_of_the_topics_plan(deployment: Deployment) -> None:
    links = deployment.links // deployment.corridors
    corridors = {CorridorId(f"c{number}-d"): links for number in range(deployment.corridors)}
    specs = plan(corridors, replication=3, min_isr=2)
    assert f"| Partitions | {sum(spec.partitions for spec in specs):,}, of 3 copies" in page()


def test_bytes_grow_with_the_events() -> None:
    twice = PROVINCES._replace(events=2 * PROVINCES.events)
    assert topics(twice).exchange == 2 * topics(PROVINCES).exchange
    assert topics(twice).directory == topics(PROVINCES).directory


def test_a_trail_entry_has_the_size_that_is_said() -> None:
    office, link = OfficeId("vn-kyson"), LinkId("vn-kyson~la-xiengkhouang")
    entry = TrailEntry(
        position=25_600,
        log_time=1_900_000_000_000,
        finality=TrailState.FINAL,
        verdict=ACCEPTED,
        office=office,
        event=bytes(32),
        log_hash=bytes(32),
        tree_size=25_601,
    )
    output = Output(
        OUTPUT_VERSION, OutputKind.TRAIL, link, OfficeId("vn-processor"), bytes(8), 25_600,
        1_900_000_000_000, None, None, encode(entry),
    )  # fmt: skip
    size = len(encode(SignedOutput(encode(output), bytes(64))))
    assert size == pytest.approx(constants.TRAIL.value, rel=0.15)
