"""Words for the officer: in what a processor differs from this office's log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from blo_agent.store.tables.outputs import ShownCase
from blo_domain.deadlines.evaluate import alerts
from blo_domain.deadlines.terms import Terms
from blo_schemas.clocks import Alert, ClockView
from blo_schemas.outputs import CaseRecord

CALL: Final = "call the operator of the processor; nothing was changed here"


def words_of_case(shown: ShownCase, own: CaseRecord | None) -> str:
    """What a processor shows of a case, and what the log gives at that position."""
    theirs = shown.decoded
    here = "that there is no such case" if own is None else _standing(own)
    return (
        f"the processor {shown.processor} shows {_standing(theirs)} at {shown.position}; this "
        f"office's log says {here}; {CALL}"
    )


def _standing(record: CaseRecord) -> str:
    view = record.view
    paused = ", paused" if view.paused else ""
    clocks = sum(one.end is None for one in record.clocks.rounds)
    return (
        f"{view.kind.word} {view.state.value}{paused} in version {view.version} of {view.opener}, "
        f"last step at {view.position}, {clocks} clocks running"
    )


def words_of_alert(alert: Alert) -> str:
    """Which alert or clearing it is."""
    what = f"{alert.rung.value if alert.rung else 'an alert'} on {alert.clock}, round {alert.round}"
    return f"the clearing of {what}" if alert.clears is not None else f"the alert {what}"


def given_by_rules(clocks: ClockView | None, terms: Terms, instant: int) -> dict[bytes, Alert]:
    """The alerts and clearings that the rules give of a case at an instant, by their ids."""
    if clocks is None or not terms:
        return {}
    return {alert.id: alert for alert in alerts(clocks, terms, instant)}


def wrong_in(
    alert: Alert,
    given: Mapping[bytes, Alert],
    given_at: Callable[[int], Mapping[bytes, Alert]],
    cleared: Collection[bytes | None],
) -> str:
    """The faults of a signed alert or clearing, in words; empty if there is none.

    Args:
        alert: As it was signed.
        given: What the rules give now.
        given_at: What they give at an instant, if nothing comes in between: the processor's clock
            may be ahead of what is known here.
        cleared: The alerts that signed clearings clear.
    """
    own = given.get(alert.id)
    if own == alert:
        return ""
    words = words_of_alert(alert)
    if own is not None:
        return f"has told {words} with other particulars than the rules give"
    if alert.clears is not None:
        if alert.clears not in given:
            return ""
        return f"has told {words}, which stands by this office's log"
    if alert.id in cleared or given_at(alert.since).get(alert.id) == alert:
        return ""
    return f"has told {words}, which the rules do not give"
