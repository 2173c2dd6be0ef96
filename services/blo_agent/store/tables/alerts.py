"""Alerts and their clearing records, as processors have signed them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from blo_agent.store.connection import Row, Snapshot, Transaction
from blo_schemas.clocks import ALERT, Alert
from blo_schemas.ids import CaseId, LinkId, OfficeId

_SELECT: Final = (
    "SELECT link, alert_id, processor, kid, counts, offset, case_id, clears, alert, value"
    " FROM alerts"
)
_PUT: Final = (
    "INSERT INTO alerts(link, alert_id, processor, kid, counts, offset, case_id, clears, alert,"
    " value) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(link, alert_id, processor) DO UPDATE SET kid = excluded.kid,"
    " counts = excluded.counts, offset = excluded.offset, case_id = excluded.case_id,"
    " clears = excluded.clears, alert = excluded.alert, value = excluded.value"
    " WHERE excluded.offset >= offset"
)
_SETTLE: Final = (
    "UPDATE alerts SET stands = counts = 1 AND clears IS NULL AND NOT EXISTS ("
    "SELECT 1 FROM alerts AS gone WHERE gone.link = alerts.link"
    " AND gone.clears = alerts.alert_id AND gone.counts = 1) WHERE link = ?"
)


class StoredAlert(NamedTuple):
    """An alert or clearing record that a processor has signed.

    Attributes:
        link: The link.
        alert_id: The record's id.
        processor: Who signed it.
        kid: Tag of the certificate whose key signed.
        counts: Whether that certificate counts now.
        offset: Where it lies on its topic.
        case: The case; ``None``: it is about the link.
        clears: Of a clearing record the alert that it clears.
        alert: Encoded ``Alert``.
        value: As it lies on the topic, with the signature.
    """

    link: LinkId
    alert_id: bytes
    processor: OfficeId
    kid: bytes
    counts: bool
    offset: int
    case: CaseId | None
    clears: bytes | None
    alert: bytes
    value: bytes

    @property
    def decoded(self) -> Alert:
        """What it says."""
        return ALERT.decode(self.alert)


def put(tx: Transaction, alert: StoredAlert) -> None:
    """Stores an alert; of one processor and id the last on the topic stays."""
    tx.execute(_PUT, alert)
    tx.execute(f"{_SETTLE} AND alert_id = ?", (alert.link, alert.clears or alert.alert_id))


def of_case(snapshot: Snapshot, link: LinkId, case: CaseId) -> list[StoredAlert]:
    """All alerts and clearings of a case, in the topic's order."""
    return _alerts(
        snapshot.rows(f"{_SELECT} WHERE link = ? AND case_id = ? ORDER BY offset", (link, case))
    )


def of_link_itself(snapshot: Snapshot, link: LinkId) -> list[StoredAlert]:
    """All alerts and clearings about a link and none of its cases, in the topic's order."""
    return _alerts(
        snapshot.rows(f"{_SELECT} WHERE link = ? AND case_id IS NULL ORDER BY offset", (link,))
    )


def standing(snapshot: Snapshot, link: LinkId) -> list[StoredAlert]:
    """The alerts of a link that count and that nothing clears, each id once."""
    rows = snapshot.rows(f"{_SELECT} WHERE link = ? AND stands = 1 ORDER BY offset", (link,))
    return list({row.alert_id: row for row in _alerts(rows)}.values())


def standing_of_link_itself(snapshot: Snapshot, link: LinkId) -> list[StoredAlert]:
    """Those of them that are about the link and none of its cases."""
    rows = snapshot.rows(
        f"{_SELECT} WHERE link = ? AND case_id IS NULL AND stands = 1 ORDER BY offset", (link,)
    )
    return list({row.alert_id: row for row in _alerts(rows)}.values())


def cases(snapshot: Snapshot, link: LinkId) -> list[CaseId]:
    """The cases of a link that there are alerts about, sorted."""
    rows = snapshot.rows(
        "SELECT DISTINCT case_id FROM alerts WHERE link = ? AND case_id IS NOT NULL"
        " ORDER BY case_id",
        (link,),
    )
    return [CaseId(case) for (case,) in rows]


def kids(snapshot: Snapshot, link: LinkId) -> list[bytes]:
    """The tags of all certificates whose keys have signed alerts of a link."""
    return [
        kid for (kid,) in snapshot.rows("SELECT DISTINCT kid FROM alerts WHERE link = ?", (link,))
    ]


def set_counts(tx: Transaction, link: LinkId, kid: bytes, *, counts: bool) -> None:
    """Notes whether what a certificate's key has signed counts now; reads the whole link."""
    tx.execute("UPDATE alerts SET counts = ? WHERE link = ? AND kid = ?", (int(counts), link, kid))
    tx.execute(_SETTLE, (link,))


def forget_offsets(tx: Transaction, link: LinkId) -> None:
    """Lets whatever comes next replace what is here: the topic is read from its beginning."""
    tx.execute("UPDATE alerts SET offset = -1 WHERE link = ?", (link,))


def _alerts(rows: Iterable[Row]) -> list[StoredAlert]:
    return [StoredAlert._make((*row[:4], bool(row[4]), *row[5:])) for row in rows]
