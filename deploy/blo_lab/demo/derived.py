"""What the stream processors derived, as sections of the report and as tables for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from blo_cli import terminal
from blo_cli.terminal import Grid
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


def show_processors(processors: Iterable[Mapping[str, Any]]) -> None:
    """Prints the processors, a row each."""
    counted = ("links", "records", "trail", "cases", "alerts", "cleared")
    grid = Grid("Stream processors", ("corridor", *counted, "all read"), right=range(1, 7))
    for processor in processors:
        counts = (len(processor["links"]), *(processor[name] for name in _SHOWN))
        grid.row(processor["corridor"], *counts, "yes" if processor["caught_up"] else "NO")
    grid.show()


def show_alerts(alerts: Mapping[str, Any], zone: ZoneInfo) -> None:
    """Prints how often each rung was reached, and what stands; dates as of a time zone."""
    if not alerts["counts"] and not alerts["standing"]:
        terminal.line("Alerts: none was raised, nobody was late.")
        return
    _ladder(alerts["counts"]).show()
    if alerts["standing"]:
        _list(alerts["standing"], zone).show()
    else:
        terminal.line("Every alert was cleared: none stands.")


def _ladder(counts: Iterable[Mapping[str, Any]]) -> Grid:
    grid = Grid(
        "Alerts, by the rung of the ladder that was reached",
        ("link, and who owes what", *_RUNGS.values()),
        right=range(1, 1 + len(_RUNGS)),
        caption="2+1*: two that were cleared, and one that still stands",
    )
    rows: dict[str, dict[tuple[str, str], dict[str, str]]] = {}
    for count in counts:
        side = (count["office"], count["clock"])
        cells = rows.setdefault(count["link"], {}).setdefault(side, {})
        numbers = (
            str(count["cleared"] or ""),
            f"{count['standing']}*" if count["standing"] else "",
        )
        cells[count["rung"]] = "+".join(filter(None, numbers))
    for link, sides in rows.items():
        grid.section()
        grid.row(link, style="bold")
        for (office, clock), cells in sides.items():
            grid.row(f"{office}: {clock}", *(cells.get(rung.value, "") for rung in _RUNGS))
    return grid


def _list(standing: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Grid:
    hidden = len(standing) - _MOST_SHOWN
    grid = Grid(
        f"Alerts that stand when each link's log ends (dates of {zone.key})",
        ("case", "owed", "by whom", "until", "notified", "since"),
        whole=(3, 5),
        caption=f"and {hidden} more in the report" if hidden > 0 else "",
    )
    for alert in standing[:_MOST_SHOWN]:
        rung = alert["rung"]
        grid.row(
            alert["case"] or alert["link"],
            alert["clock"],
            ", ".join(alert["must_act"]),
            _local(alert["due"], zone, "%Y-%m-%d %H:%M"),
            "" if rung is None else _RUNGS[EscalationLevel(rung)],
            _local(alert["since"], zone, "%Y-%m-%d"),
        )
    return grid


def _local(instant: str | None, zone: ZoneInfo, form: str) -> str:
    """An instant as a clock on the wall of that time zone shows it."""
    if instant is None:
        return "it goes on"
    return moment_from(instant).astimezone(zone).strftime(form)
