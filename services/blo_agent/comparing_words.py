"""What an officer reads of a processor that differs from this office's log."""

from __future__ import annotations

from typing import Final

from blo_agent.store.tables.outputs import ShownCase
from blo_schemas.clocks import Alert
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


__all__ = ["CALL", "words_of_alert", "words_of_case"]
