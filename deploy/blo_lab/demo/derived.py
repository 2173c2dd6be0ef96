"""What the stream processors derived, as sections of the report and as tables for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from blo_lab.demo.outputs import CorridorOutputs, LinkOutputs
from blo_schemas.clocks import Alert
from blo_schemas.ids import CaseId
from blo_schemas.instants import local
from blo_schemas.outputs import TrailState
from blo_schemas.policy import EscalationLevel
from blo_schemas.texts import moment_from

_MOST_SHOWN: Final = 8
_RUNGS: Final = {
    EscalationLevel.WARNING: "warned",
    EscalationLevel.URGE_COUNTERPART: "urged",
    EscalationLevel.OWN_CHIEF: "chief",
    EscalationLevel.PROVINCE: "province",
    EscalationLevel.MINISTRY: "ministry",
}
_SHOWN: Final = ("records", "trail_entries", "cases", "alerts", "clearings")


def processors_section(
    corridors: Iterable[CorridorOutputs], sizes: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Per corridor, how much its processor has derived and whether that covers the whole log."""
    return [_processor(one, sizes) for one in corridors]


def _processor(one: CorridorOutputs, sizes: Mapping[str, int]) -> dict[str, Any]:
    links = one.links.values()
    alerts = [alert for link in links for alert in link.alerts.records.values()]
    return {
        "corridor": one.program.corridor,
        "processor": one.program.subject,
        "links": list(one.links),
        "records": sum(len(link.plain.folded) for link in links),
        "trail_entries": sum(len(link.trail.entries) for link in links),
        "cases": sum(len(link.cases.records) for link in links),
        "alerts": sum(alert.clears is None for alert in alerts),
        "clearings": sum(alert.clears is not None for alert in alerts),
        "dead_letters": sum(link.dead for link in links),
        "checkpoints": sum(len(link.trail.checkpoints) for link in links),
        "caught_up": all(_covers(link, sizes.get(name, 0)) for name, link in one.links.items()),
    }


def _covers(link: LinkOutputs, size: int) -> bool:
    pending = any(one.finality is TrailState.PENDING for one in link.trail.entries.values())
    return link.trail.size == size and not pending


def alerts_section(
    corridors: Iterable[CorridorOutputs], labels: Mapping[str, str]
) -> dict[str, Any]:
    """The alerts: counted per link and side, and those that stand, one by one.

    Args:
        corridors: What the processors wrote.
        labels: Case id in hex → the scenario's name for it.
    """
    links = {name: link for one in corridors for name, link in one.links.items()}
    return {
        "as_of": {name: _instant(link.plain.now or None) for name, link in links.items()},
        "counts": [row for name, link in links.items() for row in _counts(name, link)],
        "standing": [
            _standing(link, alerts, labels)
            for link in links.values()
            for alerts in _by_round(link.alerts.standing())
        ],
    }


def _counts(name: str, link: LinkOutputs) -> Iterator[dict[str, Any]]:
    """An alert that several offices have to act on counts for each of them."""
    standing = {alert.id for alert in link.alerts.standing()}
    counts: Counter[tuple[str, str, int, bool]] = Counter()
    for alert in link.alerts.records.values():
        if alert.clears is None and alert.clock is not None and alert.rung is not None:
            place = list(EscalationLevel).index(alert.rung)
            counts.update(
                (office, alert.clock.value, place, alert.id in standing)
                for office in alert.must_act
            )
    for office, clock, place in sorted({key[:3] for key in counts}):
        yield {
            "link": name,
            "office": office,
            "clock": clock,
            "rung": list(EscalationLevel)[place].value,
            "standing": counts[office, clock, place, True],
            "cleared": counts[office, clock, place, False],
        }


def _by_round(standing: Iterable[Alert]) -> list[list[Alert]]:
    """The standing alerts of each round of a clock, the ladder upwards; the oldest first."""
    rounds: dict[tuple[object, ...], list[Alert]] = {}
    for alert in sorted(standing, key=lambda one: (one.since, one.id)):
        key = (alert.case, alert.clock, alert.round, alert.signal)
        rounds.setdefault(key, []).append(alert)
    return list(rounds.values())


def _standing(
    link: LinkOutputs, alerts: Sequence[Alert], labels: Mapping[str, str]
) -> dict[str, Any]:
    last = alerts[-1]
    view = None if last.case is None else link.plain.views.get(CaseId(last.case))
    case = None if last.case is None else last.case.hex()
    return {
        "link": last.link,
        "case": None if case is None else labels.get(case, case),
        "kind": None if view is None else view.kind.word,
        "clock": last.clock or last.signal,
        "rung": last.rung,
        "since": _instant(last.since),
        "due": _instant(last.due),
        "must_act": list(last.must_act),
        "notified": list(last.notified),
        "ladder": [{"rung": one.rung, "since": _instant(one.since)} for one in alerts],
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else local(at).isoformat()


def processors_table(processors: Iterable[Mapping[str, Any]]) -> RenderableType:
    """The processors, a row each."""
    table = Table(title="Stream processors", title_justify="left")
    table.add_column("corridor")
    for name in ("links", "records", "trail", "cases", "alerts", "cleared"):
        table.add_column(name, justify="right")
    table.add_column("all read")
    for one in processors:
        counts = (len(one["links"]), *(one[name] for name in _SHOWN))
        done = "yes" if one["caught_up"] else "NO"
        table.add_row(one["corridor"], *map(str, counts), done)
    return table


def alert_tables(alerts: Mapping[str, Any], zone: ZoneInfo) -> RenderableType:
    """How often each rung was reached, and what stands; dates as of a time zone."""
    if not alerts["counts"] and not alerts["standing"]:
        return Text("Alerts: none was raised, nobody was late.")
    standing = alerts["standing"]
    rest = _list(standing, zone) if standing else Text("Every alert was cleared: none stands.")
    return Group(_ladder(alerts["counts"]), rest)


def _ladder(counts: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(
        title="Alerts, by the rung of the ladder that was reached",
        title_justify="left",
        caption="2+1*: two that were cleared, and one that still stands",
        caption_justify="left",
    )
    table.add_column("link, and who owes what", overflow="fold")
    for word in _RUNGS.values():
        table.add_column(word, justify="right")
    rows: dict[str, dict[tuple[str, str], dict[str, str]]] = {}
    for one in counts:
        cells = rows.setdefault(one["link"], {}).setdefault((one["office"], one["clock"]), {})
        numbers = (str(one["cleared"] or ""), f"{one['standing']}*" if one["standing"] else "")
        cells[one["rung"]] = "+".join(filter(None, numbers))
    for link, sides in rows.items():
        table.add_section()
        table.add_row(Text(link, "bold"))
        for (office, clock), cells in sides.items():
            table.add_row(f"{office}: {clock}", *(cells.get(rung.value, "") for rung in _RUNGS))
    return table


def _list(standing: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Table:
    hidden = len(standing) - _MOST_SHOWN
    table = Table(
        title=f"Alerts that stand when each link's log ends (dates of {zone.key})",
        title_justify="left",
        caption=f"and {hidden} more in the report" if hidden > 0 else None,
        caption_justify="left",
    )
    for name in ("case", "owed", "by whom"):
        table.add_column(name, overflow="fold")
    table.add_column("until", no_wrap=True)
    table.add_column("notified")
    table.add_column("since", no_wrap=True)
    for one in standing[:_MOST_SHOWN]:
        rung = one["rung"]
        table.add_row(
            one["case"] or one["link"],
            one["clock"],
            ", ".join(one["must_act"]),
            _local(one["due"], zone, "%Y-%m-%d %H:%M"),
            "" if rung is None else _RUNGS[EscalationLevel(rung)],
            _local(one["since"], zone, "%Y-%m-%d"),
        )
    return table


def _local(instant: str | None, zone: ZoneInfo, form: str) -> str:
    """An instant as a clock on the wall of that time zone shows it."""
    if instant is None:
        return "it goes on"
    return moment_from(instant).astimezone(zone).strftime(form)
