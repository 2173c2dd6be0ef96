"""What agents answer, made up for tests."""

from __future__ import annotations

from typing import Any

import msgspec

from blo_agent.api import response_types as api
from blo_agent.api.problem_types import PROBLEM_PATH, ProblemDetails
from blo_lab.demo.observe import Observed
from blo_lab.network.world import World
from blo_schemas.instants import local

HASH = "ab" * 32
VIEWS = "cd" * 32


def head(
    office: str, size: int, unopened: int = 0, log_hash: str = HASH, view_digest: str = VIEWS
) -> api.HeadAnswer:
    """The newest head of one office, as another one knows it."""
    return api.HeadAnswer(
        office=office,
        size=size,
        unopened=unopened,
        at=local(0),
        heard_at=local(0),
        log_hash=log_hash,
        view_digest=view_digest,
    )


def counts(
    appended: int, accepted: int, crossed: int, rejected: dict[str, int], duplicates: int = 0
) -> api.CountsAnswer:
    """What an agent counted on a link."""
    return api.CountsAnswer(
        appended=appended,
        accepted=accepted,
        crossed=crossed,
        duplicates=duplicates,
        rejected=rejected,
    )


def refused(name: str, words: str, pointer: str | None = None) -> ProblemDetails:
    """A refusal."""
    address = f"{PROBLEM_PATH}{name}"
    return ProblemDetails(type=address, title=name, status=409, detail=words, pointer=pointer)


def status(world: World, office: str, link: str, size: int, **changes: Any) -> api.LinkAnswer:
    """A link that one office has read and opened, with the others' heads at its end."""
    one = world.links_by_name[link]
    given = api.LinkAnswer(
        link=link,
        corridor=one.corridor,
        partition=one.partition,
        role="party",
        size=size,
        high_watermark=size,
        log_hash=HASH,
        view_digest=VIEWS,
        pending=0,
        unopened=0,
        parked=0,
        heads=[head(other, size) for other in one.readers if other != office],
        halted=None,
        counts=counts(1, size - 1, 1, {"not_legal_now": 1}),
        cosigned=0,
        refused_checkpoints=[],
        alerts=[],
        differences=[],
    )
    return msgspec.structs.replace(given, **changes)


def verification(size: int, **changes: Any) -> api.ReplayAnswer:
    """A fold from zero that finds everything in order."""
    given = api.ReplayAnswer(
        size=size,
        equal=True,
        live_digest=VIEWS,
        rebuilt_digest=VIEWS,
        records=size,
        verified=size,
        rejected={},
    )
    return msgspec.structs.replace(given, **changes)


def metrics(links: dict[str, api.LinkAnswer]) -> str:
    """What an agent with these links exposes."""
    lines = []
    for link, one in links.items():
        lines += [
            f'blo_link_size{{link="{link}"}} {one.size}',
            f'blo_link_high_watermark{{link="{link}"}} {one.high_watermark}',
            f'blo_records_total{{link="{link}",verdict="accepted"}} {one.counts.accepted}',
            f'blo_records_total{{link="{link}",verdict="rejected"}} 1.0',
            f'blo_records_rejected_total{{link="{link}",reason="not_legal_now"}} 1.0',
            f'blo_events_appended_total{{link="{link}"}} {one.counts.appended}',
            f'blo_events_crossed_total{{link="{link}"}} {one.counts.crossed}',
        ]
    return "\n".join(lines) + "\n"


def observed(world: World, sizes: dict[str, int]) -> Observed:
    """Every office of the world, with everything in order."""
    links = {
        office: {
            link: status(world, office, link, sizes[link])
            for link, one in world.links_by_name.items()
            if office in one.readers
        }
        for office in map(str, world.offices)
    }
    return Observed(
        links=links,
        verified={
            office: {link: verification(sizes[link]) for link in held}
            for office, held in links.items()
        },
        verdicts={office: {link: {} for link in held} for office, held in links.items()},
        metrics={office: metrics(held) for office, held in links.items()},
    )
