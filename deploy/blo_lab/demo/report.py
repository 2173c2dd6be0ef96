"""The demo's report: as a file for programs, and as tables for people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from blo_agent.api import response_types as api
from blo_cli.terminal import Grid
from blo_lab.broker import Broker
from blo_lab.demo.checks import Check
from blo_lab.demo.derived import show_alerts, show_processors
from blo_lab.demo.observe import Observed
from blo_lab.demo.player import Played
from blo_lab.network.world import World
from blo_schemas.texts import from_hex


class CaseDesk(Protocol):
    """What is asked of an office's API for the cases."""

    def case(self, link: str, case: str) -> api.CaseHistory:
        """A case's view and its events on a link."""


def build_report(
    world: World,
    broker: Broker,
    seen: Observed,
    figures: Mapping[str, Any],
    cases: Mapping[str, Any],
    derived: Mapping[str, Any],
    checks: Sequence[Check],
) -> dict[str, Any]:
    """The report as it is written to a file.

    Args:
        world: The links.
        broker: The Kafka that was used.
        seen: What every office shows.
        figures: The province's frozen report (``annual.figures_of``).
        cases: What became of the cases, by label.
        derived: What the processors made of the log: the sections about them and their alerts.
        checks: The checks.
    """
    return {
        **figures["indicators"],
        "indicators": list(figures["indicators"]),
        "summary": figures["summary"],
        "office": figures["office"],
        "period": {"from": figures["from"], "to": figures["to"]},
        "broker": {
            "product": "Apache Kafka",
            "version": broker.version,
            "ready_s": round(broker.ready_s, 3),
        },
        "links": [_link(world, seen, link) for link in world.links],
        "offices": [_office(office, links) for office, links in seen.links.items()],
        "cases": dict(cases),
        **derived,
        "checks": [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in checks],
    }


def case_reports(
    world: World, seen: Observed, played: Played, desks: Mapping[str, CaseDesk]
) -> dict[str, Any]:
    """What became of every case of the scenario, by its label.

    ``refused`` lists the steps that the lifecycle refused: by the office's own agent when they
    were submitted (``at: submission``), or by every reader when they stood in the log (``at: log``).
    """
    refused: dict[str, list[dict[str, Any]]] = defaultdict(list)
    links: dict[str, str] = {}
    for outcome in played.outcomes:
        links.setdefault(outcome.line.case, outcome.line.link)
        if outcome.refused:
            refused[outcome.line.case].append(
                {
                    "at": "submission",
                    "office": outcome.line.office,
                    "step": outcome.line.do,
                    "reason": outcome.refused,
                    "words": outcome.words,
                }
            )
    reports = {}
    for label, link in links.items():
        party = world.links_by_name[link].offices[0]
        answer = _ask(desks, party, link, played.cases.get(label))
        reports[label] = _case(link, answer, refused[label])
    return reports


def _ask(
    desks: Mapping[str, CaseDesk], party: str, link: str, case: str | None
) -> api.CaseHistory | None:
    """The case as a party shows it; a rejected step is told in the words for its own office."""
    if case is None:
        return None
    answer = desks[party].case(link, case)
    writer = next((one.office for one in answer.rejected if one.office in desks), None)
    return answer if writer in (None, party) else desks[writer].case(link, case)


def _case(
    link: str, answer: api.CaseHistory | None, refused: list[dict[str, Any]]
) -> dict[str, Any]:
    view = None if answer is None else answer.view
    in_log = [
        {
            "at": "log",
            "office": one.office,
            "step": one.step,
            "reason": one.reason,
            "words": one.words,
        }
        for one in (answer.rejected if answer else ())
    ]
    return {
        "link": link,
        "kind": view.kind if view else None,
        "state": view.state if view else None,
        "version": view.version if view else 0,
        "crossed": view.crossed if view else 0,
        "refused": refused + in_log,
    }


def _link(world: World, seen: Observed, link: str) -> dict[str, Any]:
    one = world.links_by_name[link]
    status = seen.links[one.offices[0]][link]
    return {
        "id": link,
        "corridor": one.corridor,
        "partition": one.partition,
        "records": status.size,
        "log_hash": status.log_hash,
    }


def _office(office: str, links: Mapping[str, api.LinkAnswer]) -> dict[str, Any]:
    counts = [status.counts for status in links.values()]
    rejected: dict[str, int] = defaultdict(int)
    for one in counts:
        for reason, number in one.rejected.items():
            rejected[reason] += number
    return {
        "id": office,
        "appended": sum(one.appended for one in counts),
        "accepted": sum(one.accepted for one in counts),
        "rejected": dict(rejected),
        "duplicates": sum(one.duplicates for one in counts),
        "unopenable": sum(status.unopened for status in links.values()),
        "view_digest": _all_views(links),
        "views": {link: status.view_digest for link, status in links.items()},
    }


def _all_views(links: Mapping[str, api.LinkAnswer]) -> str:
    """One digest over the views of all the office's links, in the order of their ids."""
    whole = sha256()
    for link in sorted(links):
        whole.update(from_hex(links[link].view_digest))
    return whole.hexdigest()


def show(report: Mapping[str, Any], zone: ZoneInfo) -> None:
    """Prints the report and the checks for people, with dates of the office's time zone."""
    period = report["period"]
    title = f"Report of {report['office']}, {period['from']} to {period['to']}"
    figures = Grid(title, ("indicator", "value", "unit", "events"), right=(1, 3))
    for name in report["indicators"]:
        for row in _rows(name, report[name]):
            figures.row(*row)
    figures.show()
    _show_cases(report["cases"])
    _show_links(report["links"])
    show_processors(report["processors"])
    show_alerts(report["alerts"], zone)
    _show_checks(report["checks"])


def _rows(name: str, one: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """The rows of one figure; none if it is zero."""
    events = str(len(one["events"]))
    value = one["value"]
    words = name.replace("_", " ")
    if isinstance(value, list):
        return [
            (f"{words}: {each['substance']}", f"{each['amount']:,}", each["unit"], events)
            for each in value
        ]
    if isinstance(value, dict):
        return [
            (f"{words}: {key}", str(each), one["unit"], events)
            for key, each in value.items()
            if each
        ]
    return [(words, f"{value:,}", one["unit"], events)] if value else []


def _show_cases(cases: Mapping[str, Mapping[str, Any]]) -> None:
    """How many cases of each kind stand in which state."""
    counted = Counter(
        (str(case["kind"]), str(case["state"]))
        for case in cases.values()
        if case["kind"] is not None
    )
    grid = Grid("Cases", ("kind", "state", "cases"), right=[2])
    for (kind, state), count in sorted(counted.items()):
        grid.row(kind.replace("_", " "), state.replace("_", " "), count)
    grid.show()


def _show_links(links: Iterable[Mapping[str, Any]]) -> None:
    grid = Grid("Links", ("link", "partition", "records", "log hash"), right=[2])
    for link in links:
        place = f"blo.exchange.{link['corridor']}/{link['partition']}"
        grid.row(link["id"], place, link["records"], link["log_hash"][:12] + "…")
    grid.show()


def _show_checks(checks: Iterable[Mapping[str, Any]]) -> None:
    grid = Grid("Checks", ("", "check", "what was seen"))
    for check in checks:
        mark, style = ("ok", "green") if check["ok"] else ("FAILED", "bold red")
        grid.row(mark, check["name"], check["detail"], style=style)
    grid.show()
