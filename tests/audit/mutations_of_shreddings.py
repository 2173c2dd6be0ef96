"""Steps that a log must not hold: shreddings that lack a word, floods; and how they are found."""

from __future__ import annotations

from blo_audit.findings.codes import Code
from blo_schemas.summary import Step
from tests.audit.exhibits import LINK, Exhibit, Writer, forged
from tests.audit.scene import SIZE, Scene, append
from tests.audit.shredding import agreed, confirm, confirmation, continued, withdrawal
from tests.audit.spoiling import ATTACKER, Found, heads_over, mutation
from tests.processors.world import LA, VN

AGREED_AT = SIZE + 3
"""Opened, withdrawn, wanted by one office, by the other."""
PAUSES = 24
"""So often one of two offices can pause a case; the other keeps a share of 8."""


def _handed(writer: Writer, exhibit: Exhibit) -> None:
    """What was written on, and both offices' honest heads over it."""
    writer.say(VN, LA)
    exhibit.records_[LINK] = list(writer.records)
    exhibit.heads_[LINK] = list(writer.heads)
    exhibit.grants_[LINK] = writer.stored_grants()


@mutation(
    "a shredding that one office never confirmed",
    Found(Code.SHREDDING_UNCONFIRMED, AGREED_AT, LA),
    keys=True,
)
def shredding_half_confirmed(scene: Scene, exhibit: Exhibit) -> None:
    writer = continued(scene)
    confirm(writer, agreed(writer), VN)
    _handed(writer, exhibit)


@mutation(
    "a shredding that nobody confirmed",
    Found(Code.SHREDDING_UNCONFIRMED, AGREED_AT, VN),
    keys=True,
)
def shredding_unconfirmed(scene: Scene, exhibit: Exhibit) -> None:
    writer = continued(scene)
    agreed(writer)
    _handed(writer, exhibit)


@mutation(
    "a shredding that somebody else confirmed in an office's name, as both offices' heads vouch",
    Found(Code.BAD_SIGNATURE, AGREED_AT + 2),
    keys=True,
)
def confirmation_forged(scene: Scene, exhibit: Exhibit) -> None:
    writer = continued(scene)
    case = agreed(writer)
    confirm(writer, case, VN)
    _handed(writer, exhibit)
    value = confirmation(writer, LA, case)
    writer.put(value)
    append(exhibit, forged(writer.records[-1], LINK, ATTACKER[0].signing))
    heads_over(scene, exhibit)


@mutation(
    "the grants of a case withdrawn that nobody agreed to shred",
    Found(Code.GRANTS_WITHDRAWN),
    keys=True,
)
def grants_withdrawn(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.grants_[LINK].append(withdrawal(next(iter(scene.writer.contents))))


@mutation("the grants of an office's month withdrawn", Found(Code.GRANTS_WITHDRAWN), keys=True)
def month_withdrawn(scene: Scene, exhibit: Exhibit) -> None:
    key = next(iter(scene.writer._held))
    exhibit.grants_[LINK].append(withdrawal(key))


@mutation(
    "an office pauses a case more often than the case has room for",
    Found(Code.CASE_FLOODED, SIZE + 1 + 2 * PAUSES, LA),
    keys=True,
)
def case_flooded(scene: Scene, exhibit: Exhibit) -> None:
    writer = continued(scene)
    case = writer.open(VN)
    for _ in range(PAUSES):
        writer.step(LA, case, Step.PAUSE)
        writer.step(LA, case, Step.RESUME)
    writer.step(LA, case, Step.PAUSE)
    _handed(writer, exhibit)
