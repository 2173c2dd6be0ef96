"""The operator's board for Grafana, as JSON: is it delivering, unreadable, overdue, ending, silent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH: Final = 24
_HEIGHT: Final = 7
_SCHEMA: Final = 39
"""The version of Grafana's dashboard model that this is written for (Grafana 11)."""


class Panel(NamedTuple):
    """A panel.

    Attributes:
        title: Its title.
        description: What it shows, and what is wrong.
        query: What it asks Prometheus.
        legend: The name of each line.
        unit: Grafana's name of the unit.
        width: In columns of 24.
        kind: ``timeseries`` or ``stat``.
        bad_above: From this value on it is red; ``None``: never.
    """

    title: str
    description: str
    query: str
    legend: str
    unit: str = "short"
    width: int = 8
    kind: str = "timeseries"
    bad_above: float | None = None


_NODE: Final = '{node=~"$node"}'

OPERATOR: Final[tuple[tuple[str, tuple[Panel, ...]], ...]] = (
    (
        "Does it deliver?",
        (
            Panel(
                "Nodes that answer",
                "1 while Prometheus reaches the program.",
                'up{job="blo", node=~"$node"}',
                "{{node}}",
                kind="stat",
            ),
            Panel(
                "Line to Kafka",
                "0: the program has no connection to Kafka.",
                f"blo_line_up{_NODE}",
                "{{node}}",
                kind="stat",
            ),
            Panel(
                "Oldest unsent event",
                "Past 15 minutes an alert is raised. Nothing is lost.",
                f"blo_outbox_oldest_seconds{_NODE}",
                "{{node}}",
                unit="s",
                bad_above=900,
            ),
            Panel(
                "Unsent events",
                "Events that are on disk here and not in the log yet.",
                f"blo_outbox_pending{_NODE}",
                "{{node}} {{link}}",
            ),
            Panel(
                "Events sent an hour",
                "Own events that Kafka has taken.",
                f"sum by (node) (rate(blo_events_appended_total{_NODE}[$__rate_interval])) * 3600",
                "{{node}}",
            ),
            Panel(
                "Records not read",
                "Above 0 for minutes: the reader is stuck.",
                f"blo_link_high_watermark{_NODE} - blo_link_size{_NODE}",
                "{{node}} {{link}}",
                bad_above=1,
            ),
        ),
    ),
    (
        "Is anything unreadable, or wrong?",
        (
            Panel(
                "Events without their key",
                "They came, and their key was not granted yet.",
                f"blo_records_parked{_NODE}",
                "{{node}} {{link}}",
                bad_above=1,
            ),
            Panel(
                "Halted links",
                "1: nothing is sent until a person resumes the link.",
                f"blo_link_halted{_NODE}",
                "{{node}} {{link}}",
                bad_above=1,
            ),
            Panel(
                "Differences with processors",
                "A processor says something else than this office's log.",
                f"blo_processor_differences{_NODE}",
                "{{node}} {{link}} {{reason}}",
                bad_above=1,
            ),
            Panel(
                "Rejected records an hour",
                "By reason; not_legal_now means that two offices acted at once.",
                "sum by (node, reason) "
                f"(rate(blo_records_rejected_total{_NODE}[$__rate_interval])) * 3600",
                "{{node}} {{reason}}",
            ),
            Panel(
                "Faults contained an hour",
                "Any: report the incident that the log names.",
                "sum by (node, place) "
                f"(rate(blo_faults_contained_total{_NODE}[$__rate_interval])) * 3600",
                "{{node}} {{place}}",
                bad_above=0.01,
            ),
        ),
    ),
    (
        "Is anything overdue, ending or silent?",
        (
            Panel(
                "Standing alerts of cases",
                "By rung; the board of the desk shows which cases.",
                f"blo_alerts_standing{_NODE}",
                "{{node}} {{link}} {{reason}}",
            ),
            Panel(
                "Offices last heard",
                "Since a head or a heartbeat of the office.",
                f"blo_head_age_seconds{_NODE}",
                "{{node}} {{office}}",
                unit="s",
                bad_above=14_400,
            ),
            Panel(
                "Days until certificates end",
                "Below 30 an alert is raised.",
                f"(blo_certificate_expiry_timestamp_seconds{_NODE} - time()) / 86400",
                "{{node}} {{office}}",
                unit="d",
            ),
            Panel(
                "Age of the newest verified backup",
                "Past a day an alert is raised.",
                f"blo_backup_age_seconds{_NODE}",
                "{{node}}",
                unit="s",
                bad_above=90_000,
            ),
        ),
    ),
)


def dashboard() -> str:
    """The operator's board as the JSON that Grafana imports."""
    return msgspec.json.format(msgspec.json.encode(_board())).decode() + "\n"


def panels() -> Iterator[Panel]:
    """Every panel, in order."""
    for _, row in OPERATOR:
        yield from row


def _board() -> dict[str, Any]:
    return {
        "title": "BLO exchange: operator",
        "uid": "blo-operator",
        "description": "Is it delivering, is anything unreadable, overdue, ending, or silent?",
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": False,
        "tags": ["blo"],
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "refresh": "1m",
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "label": "Data source",
                    "type": "datasource",
                    "query": "prometheus",
                },
                {
                    "name": "node",
                    "label": "Node",
                    "type": "query",
                    "datasource": _SOURCE,
                    "query": 'label_values(up{job="blo"}, node)',
                    "includeAll": True,
                    "multi": True,
                    "allValue": ".*",
                    "refresh": 2,
                },
            ]
        },
        "panels": list(_placed()),
    }


def _placed() -> Iterator[dict[str, Any]]:
    number, top = 0, 0
    for title, row in OPERATOR:
        number += 1
        place = {"x": 0, "y": top, "w": _WIDTH, "h": 1}
        yield {"id": number, "type": "row", "title": title, "gridPos": place, "collapsed": False}
        top, left = top + 1, 0
        for panel in row:
            if left + panel.width > _WIDTH:
                top, left = top + _HEIGHT, 0
            number += 1
            place = {"x": left, "y": top, "w": panel.width, "h": _HEIGHT}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            left += panel.width
        top += _HEIGHT


def _panel(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.bad_above is not None:
        steps.append({"color": "red", "value": panel.bad_above})
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "targets": [
            {
                "refId": "A",
                "datasource": _SOURCE,
                "expr": panel.query,
                "legendFormat": panel.legend,
                "instant": panel.kind == "stat",
                "range": panel.kind != "stat",
            }
        ],
    }
