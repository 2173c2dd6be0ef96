"""The demo's checks: what the exchange promises, asked of everything that can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from rich.filesize import decimal

from blo_lab.demo.observe import Observed, samples
from blo_lab.demo.search import Needles, Place
from blo_lab.network.world import World


class Check(msgspec.Struct, frozen=True):
    """One check.

    Attributes:
        name: What it is called, for programs.
        ok: Whether it holds.
        detail: What was looked at, or what does not hold.
    """

    name: str
    ok: bool
    detail: str


def checked(name: str, wrong: Sequence[str], detail: str) -> Check:
    """Holds if nothing is wrong; says at most three things that are."""
    if not wrong:
        return Check(name, ok=True, detail=detail)
    more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return Check(name, ok=False, detail="; ".join(wrong[:3]) + more)


def check_arrived(seen: Observed, sizes: Mapping[str, int]) -> Check:
    """Every accepted command became one record; every office read and opened them all."""
    wrong = []
    for office, links in seen.links.items():
        for link, status in links.items():
            size = sizes.get(link, 0)
            if (status.size, status.high_watermark) != (size, size):
                wrong.append(
                    f"{office} read {status.size} of {status.high_watermark} records of {link}, "
                    f"{size} were sent"
                )
            if status.pending or status.parked or status.unopened or status.halted:
                wrong.append(
                    f"{office} on {link}: {status.pending} to send, {status.parked} parked, "
                    f"{status.unopened} not opened, halted: {status.halted}"
                )
    total = sum(sizes.values())
    return checked("everything_arrived", wrong, f"{total} records, read and opened by all readers")


def check_equal_views(world: World, seen: Observed) -> Check:
    """All readers of a link hold the same log and the same views."""
    wrong = []
    for link in world.links:
        statuses = seen.at_link(link)
        held = {(one.log_hash, one.view_digest) for one in statuses.values()}
        if len(held) != 1 or set(statuses) != set(world.links[link].readers):
            wrong.append(f"{link}: {', '.join(_digests(seen, link))}")
    return checked("equal_views", wrong, f"all readers of each of {len(world.links)} links agree")


def _digests(seen: Observed, link: str) -> list[str]:
    return [f"{office} {one.view_digest[:12]}" for office, one in seen.at_link(link).items()]


def check_rebuilt(seen: Observed) -> Check:
    """Views rebuilt from the first record equal the live ones, at every office."""
    wrong = [
        f"{office} on {link}: live {one.live_digest[:12]}, rebuilt {one.rebuilt_digest[:12]}"
        for office, links in seen.verified.items()
        for link, one in links.items()
        if not one.equal
    ]
    count = sum(map(len, seen.verified.values()))
    return checked("rebuilt_equals_live", wrong, f"{count} folds from zero, all equal")


def check_verified(seen: Observed, sizes: Mapping[str, int]) -> Check:
    """Every reader has verified the signature and the chains of every record."""
    wrong = [
        f"{office} on {link}: {one.verified} of {sizes.get(link, 0)}"
        for office, links in seen.verified.items()
        for link, one in links.items()
        if not one.verified == one.records == sizes.get(link, 0)
    ]
    count = sum(one.verified for links in seen.verified.values() for one in links.values())
    return checked("every_record_verified", wrong, f"{count} signatures and chain places, all good")


def check_heads(world: World, seen: Observed) -> Check:
    """Every office holds heads of all others that cover the whole log, where there is one."""
    wrong = []
    count = 0
    for office, links in seen.links.items():
        for link, status in links.items():
            heads = {head.office: head for head in status.heads}
            for other in world.links_by_name[link].readers:
                head = heads.get(other)
                if other == office or not status.size:
                    continue
                count += 1
                if head is None:
                    wrong.append(f"{office} has no head of {other} on {link}")
                elif (head.size, head.log_hash) != (status.size, status.log_hash):
                    wrong.append(f"{office} on {link}: {other} has read {head.size}")
                elif head.view_digest != status.view_digest or head.unopened:
                    wrong.append(f"{office} on {link}: {other} shows other views")
    return checked("heads_cover_the_log", wrong, f"{count} signed heads of others, all at the end")


def check_metrics(seen: Observed) -> Check:
    """What every agent's metrics say is what its API says."""
    wrong = []
    count = 0
    for office, links in seen.links.items():
        metrics = samples(seen.metrics[office])
        for link, status in links.items():
            expected: dict[tuple[str, ...], float] = {
                ("blo_link_size", link): status.size,
                ("blo_link_high_watermark", link): status.high_watermark,
                ("blo_records_total", link, "accepted"): status.counts.accepted,
                ("blo_records_total", link, "duplicate"): status.counts.duplicates,
                ("blo_records_total", link, "rejected"): sum(status.counts.rejected.values()),
                ("blo_events_appended_total", link): status.counts.appended,
                ("blo_events_crossed_total", link): status.counts.crossed,
                ("blo_records_parked", link): status.parked,
                ("blo_records_unopenable", link): status.unopened,
                ("blo_outbox_pending", link): status.pending,
            }
            for reason, number in status.counts.rejected.items():
                expected["blo_records_rejected_total", link, reason] = number
            count += len(expected)
            for key, value in expected.items():
                if metrics.get(key, 0) != value:
                    wrong.append(f"{office}: {' '.join(key)} is {metrics.get(key, 0)}, not {value}")
    return checked("metrics_agree", wrong, f"{count} samples of {len(seen.links)} agents")


def check_no_plaintext(
    name: str, needles: Needles, places: Iterable[Place], controls: Iterable[tuple[str, str]]
) -> Check:
    """None of a scenario's words stands in the places.

    Args:
        name: What the check is called.
        needles: The words.
        places: Where to look.
        controls: Words that must be found, each with how the place's name begins: they show that
            the search works there.
    """
    looked = list(places)
    found = needles.found_in_places(looked)
    wrong = [f"{word!r} stands in {place}" for word, place in found.items()]
    shown = []
    for word, begin in controls:
        where = Needles([word]).found_in_places(
            place for place in looked if place.name.startswith(begin)
        )
        if where:
            shown.append(f"{word!r} in {where[word]}")
        else:
            wrong.append(f"the search is blind: it does not find {word!r} in {begin}")
    size = sum(len(place.data) for place in looked)
    return checked(
        name,
        wrong,
        f"{len(needles)} words, {len(looked)} files, {decimal(size)}: none there; what must "
        f"be there was found: {', '.join(shown)}",
    )


def check_report_whole(report: Mapping[str, Any]) -> Check:
    """The report could read every event that it counts."""
    wrong = [f"{one['event'][:12]}: {one['why']}" for one in report["left_out"]]
    count = sum(len(one["events"]) for one in report["indicators"].values())
    return checked("report_is_whole", wrong, f"{count} events make the figures, none left out")
