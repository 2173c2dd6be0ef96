"""``python -m tests.bench.scale`` writes ``docs/scale.md``: ten years, computed from measured constants.

The constants are those of ``tests/bench/constants.py``; a test compares the page with this program.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from tests.bench import constants as known

PAGE: Final = Path(__file__).parents[2] / "docs" / "scale.md"
YEARS: Final = 10
REPLICATION: Final = 3
REPLICAS_A_BROKER: Final = 4000
"""Replicas that a broker carries with ease; Kafka 4 allows more."""

LOCAL_DAYS: Final = 30
"""Days that a broker with tiered storage keeps on its own disk."""

_KEYED_BY_LINK: Final = 8
"""Topics of a corridor with a partition for each link: exchange, keys, files, heads, cases, alerts, trail, dead."""


class Deployment(NamedTuple):
    """A deployment whose ten years are computed.

    Attributes:
        title: Its name.
        basis: Where its numbers come from.
        offices: Offices.
        links: Links.
        corridors: Corridors.
        events: Events a link and year.
    """

    title: str
    basis: str
    offices: int
    links: int
    corridors: int
    events: int

    @property
    def link_events(self) -> int:
        """Events of a link in all years."""
        return self.events * YEARS

    @property
    def all_events(self) -> int:
        """Events of all links in all years."""
        return self.link_events * self.links


PROVINCES: Final = Deployment(
    "70 offices, 35 links",
    "Each link has ten times the records of the busiest link in the shipped year of Nghệ An and its "
    "neighbours (256; `blo demo`).",
    70, 35, 5, 2560,
)  # fmt: skip
CONTINENT: Final = Deployment(
    "3,000 authorities, 1.8 million events a year",
    "The largest police message exchange, as 1,500 links in 30 corridors, all alike.",
    3000, 1500, 30, 1200,
)  # fmt: skip


def _bytes(number: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            return f"{number:,.0f} {unit}" if number >= 100 else f"{number:,.3g} {unit}"
        number /= 1000
    raise AssertionError


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:,.3g} ms"
    if seconds < 120:
        return f"{seconds:,.3g} s"
    return f"{seconds / 60:,.0f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"


class _Topics(NamedTuple):
    """Bytes of one copy after all years, by topic."""

    exchange: float
    trail: float
    alerts: float
    cases: float
    keys: float
    heads: float
    directory: float

    @property
    def tiered(self) -> float:
        """Those that tiered storage takes: it takes no compacted topic (KIP-405)."""
        return self.exchange + self.trail + self.alerts

    @property
    def compacted(self) -> float:
        return self.cases + self.keys + self.heads + self.directory


def topics(deployment: Deployment) -> _Topics:
    """What lies on the topics after all years, in bytes of one copy."""
    events, links = deployment.all_events, deployment.links
    cases = events / known.STEPS.value
    summaries = 2 * 12 * YEARS * links * known.SUMMARY_READERS.value
    grants = cases * known.CONTENT_READERS.value + summaries
    return _Topics(
        exchange=events * known.EVENT.value,
        trail=events * known.TRAIL.value,
        alerts=events * known.ALERT.value,
        cases=cases * known.CASE.value,
        keys=grants * known.GRANT.value,
        heads=2 * links * known.HEAD.value,
        directory=deployment.offices * YEARS * known.CERTIFICATE.value,
    )


def _section(deployment: Deployment) -> list[str]:
    lies = topics(deployment)
    local = lies.tiered * LOCAL_DAYS / (365 * YEARS)
    links, corridors = deployment.links, deployment.corridors
    partitions = _KEYED_BY_LINK * links + corridors + 1
    per_link, everything = deployment.link_events, deployment.all_events
    new = everything / YEARS / 12
    going_on = everything * known.GOING_ON.value / 1e6 + new / known.AMORTISED.value
    rows = [
        ("Events", f"{deployment.events:,} a link and year; {per_link:,} a link, {everything:,} in all"),
        ("`blo.exchange`", _bytes(lies.exchange)),
        ("`blo.trail`", _bytes(lies.trail)),
        ("`blo.alerts`", _bytes(lies.alerts)),
        ("`blo.cases`, compacted", _bytes(lies.cases)),
        ("`blo.keys`, compacted", _bytes(lies.keys)),
        ("`blo.heads`, compacted", _bytes(lies.heads)),
        ("`blo.directory`", _bytes(lies.directory)),
        ("Partitions", f"{partitions:,}, of {REPLICATION} copies each: {REPLICATION * partitions:,} replicas"),
        (
            f"Brokers at {REPLICAS_A_BROKER:,} replicas each, at least {REPLICATION}",
            f"{max(REPLICATION, -(-REPLICATION * partitions // REPLICAS_A_BROKER))}",
        ),
        ("Brokers' disks together, without tiers", _bytes(REPLICATION * (lies.tiered + lies.compacted))),
        (f"The same with tiers, {LOCAL_DAYS} days local", _bytes(REPLICATION * (local + lies.compacted))),
        ("Remote tier, one copy", _bytes(lies.tiered - local)),
        ("An office's store, of one link, at most", _bytes(per_link * known.EVENT.value * known.STORE.value)),
        ("A processor's start on one link, from its stored state", _duration(known.RESUMED.value)),
        ("A worker's start on all links of a corridor", _duration(links / corridors * known.LINK_AT_REST.value)),
        ("The starts of all workers, on one core", _duration(links * known.LINK_AT_REST.value)),
        ("A processor that has lost its states: one link, from its first record", _duration(per_link / 100_000 * known.FOLD.value)),
        ("The same for all links, on one core", _duration(everything / 100_000 * known.FOLD.value)),
        ("Audit of everything, amortised, one core", _duration(everything / known.AMORTISED.value)),
        ("Audit of everything, full, one core", _duration(everything / known.FULL.value)),
        ("Audit of the last month, behind a statement, amortised", _duration(going_on)),
        ("The auditor's statement", _bytes(everything * known.STATEMENT.value)),
        ("Certificates, one an office and year", f"{deployment.offices * YEARS:,}"),
        (
            "Summary keys, one an office, link and month",
            f"{2 * 12 * YEARS * links:,}, granted {2 * 12 * YEARS * links * int(known.SUMMARY_READERS.value):,} times",
        ),
    ]  # fmt: skip
    table = [f"| {name} | {value} |" for name, value in rows]
    return [
        f"## {deployment.title}",
        "",
        deployment.basis,
        "",
        "| after ten years | |",
        "|---|---|",
        *table,
        "",
    ]


def page() -> str:
    """The page, whole."""
    lines = [
        "# Ten years",
        "",
        ("How large everything becomes and how long everything takes after ten years, for two sizes of "
        "deployment. Every figure is computed by `python -m tests.bench.scale` from the constants at "
        "the end, which are measured ([`performance.md`](performance.md)) where they do not say otherwise; nothing here was run for ten "
        "years. Costs that grow with the log grow as `make bench` finds them to: an audit with the "
        f"{known.LINEAR.value:g}th power of it, taken here as proportional."),
        "",
    ]  # fmt: skip
    for deployment in (PROVINCES, CONTINENT):
        lines += _section(deployment)
    lines += [
        "## Tiers",
        "",
        ("Kafka 4 moves closed segments of a topic to a remote store (`remote.storage.enable`), and keeps "
        "as much on the brokers as `local.retention.ms` says. It takes no compacted topic, so it takes "
        "`blo.exchange`, `blo.trail` and `blo.alerts`. `blo topics` compares only the settings that it "
        "plans; an operator may add these two. A remote store has redundancy of its own: one copy is counted. "
        "Whoever reads from the first record then reads from the remote store: a new office, a processor "
        "that folds from zero, a first audit."),
        "",
        "## Rotation",
        "",
        ("A certificate is renewed each year with an overlap, which moves nothing that was read before. "
        "Summary keys change with the calendar month, so their number follows from links and months alone, "
        "not from events. Roots are rotated on a decision of their countries: a document each, whatever the size."),
        "",
        "## Constants",
        "",
        "| constant | value | unit | source |",
        "|---|---|---|---|",
        *(
            f"| {constant.meaning} | {constant.value:,g} | {constant.unit} | {constant.source} |"
            for constant in known.ALL
        ),
        "",
        ("Not in these figures: indexes of segments (some per mille), free space for compaction (plan the "
        "compacted topics twice), what offices keep besides (journals, backups), and the seldom large attachment."),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
