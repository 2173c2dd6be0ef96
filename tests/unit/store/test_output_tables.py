"""What processors write, in the store: the last of each counts, and waiting is bounded."""

from __future__ import annotations

import apsw
import pytest

from blo_agent.store.connection import Transaction
from blo_agent.store.schema import MIGRATIONS
from blo_agent.store.tables import alerts, differences, outputs
from blo_agent.store.tables.alerts import StoredAlert
from blo_agent.store.tables.differences import OutputDifference
from blo_agent.store.tables.outputs import ShownCase, WaitingOutput
from blo_schemas.ids import KeyId, OfficeId
from tests.unit.store.samples import LINK, OTHER_LINK, case_id, digest

ONE = OfficeId("vn-processor")
TWO = OfficeId("la-processor")


@pytest.fixture
def tx() -> Transaction:
    """A transaction on tables in memory."""
    connection = apsw.Connection(":memory:")
    for script in MIGRATIONS:
        connection.execute(script)
    return Transaction(connection)


def alert(number: int, offset: int, processor: OfficeId = ONE) -> StoredAlert:
    return StoredAlert(
        LINK,
        digest(number),
        processor,
        b"k" * 8,
        counts=True,
        offset=offset,
        case=case_id(1),
        clears=None,
        alert=b"alert",
        value=b"value",
    )


def clearing(number: int, offset: int) -> StoredAlert:
    return alert(number + 100, offset)._replace(clears=digest(number))


def test_an_alert_stands_until_it_is_cleared_and_stays_in_the_history(tx: Transaction) -> None:
    for one in (alert(1, 0), alert(2, 1)):
        alerts.put(tx, one)
    assert alerts.standing(tx, LINK) == [alert(1, 0), alert(2, 1)]
    alerts.put(tx, clearing(1, 2))
    assert alerts.standing(tx, LINK) == [alert(2, 1)]
    assert alerts.of_case(tx, LINK, case_id(1)) == [alert(1, 0), alert(2, 1), clearing(1, 2)]
    assert alerts.cases(tx, LINK) == [case_id(1)]
    assert alerts.standing(tx, OTHER_LINK) == []


def test_of_one_alert_the_last_on_the_topic_counts(tx: Transaction) -> None:
    alerts.put(tx, alert(1, 5))
    alerts.put(tx, alert(1, 3)._replace(value=b"earlier"))
    assert alerts.standing(tx, LINK) == [alert(1, 5)]
    alerts.put(tx, alert(1, 6)._replace(value=b"later"))
    assert [one.value for one in alerts.standing(tx, LINK)] == [b"later"]
    alerts.forget_offsets(tx, LINK)
    alerts.put(tx, alert(1, 0)._replace(value=b"anew"))
    assert [one.value for one in alerts.standing(tx, LINK)] == [b"anew"]


def test_an_alert_that_two_processors_tell_stands_once(tx: Transaction) -> None:
    for one in (alert(1, 0), alert(1, 1, TWO)):
        alerts.put(tx, one)
    assert len(alerts.standing(tx, LINK)) == 1
    assert len(alerts.of_case(tx, LINK, case_id(1))) == 2


def test_what_no_longer_counts_neither_stands_nor_clears(tx: Transaction) -> None:
    alerts.put(tx, alert(1, 0))
    alerts.put(tx, clearing(1, 1)._replace(kid=b"s" * 8))
    assert alerts.standing(tx, LINK) == []
    assert sorted(alerts.kids(tx, LINK)) == [b"k" * 8, b"s" * 8]
    alerts.set_counts(tx, LINK, b"s" * 8, counts=False)
    assert alerts.standing(tx, LINK) == [alert(1, 0)]
    alerts.set_counts(tx, LINK, b"k" * 8, counts=False)
    assert alerts.standing(tx, LINK) == []


def test_alerts_about_the_link_are_apart_from_those_about_its_cases(tx: Transaction) -> None:
    about_link = alert(1, 0)._replace(case=None)
    alerts.put(tx, about_link)
    alerts.put(tx, alert(2, 1))
    assert alerts.of_link_itself(tx, LINK) == [about_link]
    assert alerts.cases(tx, LINK) == [case_id(1)]


def test_of_a_case_the_last_record_of_each_processor_is_kept(tx: Transaction) -> None:
    first = ShownCase(LINK, case_id(1), ONE, 4, 9, b"record", b"value")
    outputs.put_case(tx, first)
    outputs.put_case(tx, first._replace(offset=3, position=20))
    assert outputs.of_case(tx, LINK, case_id(1)) == [first]
    # The last one counts even if it stands at an earlier position: it was corrected.
    corrected = first._replace(offset=5, position=8)
    outputs.put_case(tx, corrected)
    outputs.put_case(tx, first._replace(processor=TWO))
    assert outputs.of_case(tx, LINK, case_id(1)) == [first._replace(processor=TWO), corrected]
    assert outputs.cases(tx, LINK) == [case_id(1)]
    outputs.forget_cases(tx, LINK)
    assert outputs.cases(tx, LINK) == []


def test_waiting_is_noted_once_per_key_from_its_first_offset_and_bounded_by_processor(
    tx: Transaction,
) -> None:
    def waiting(key: int, offset: int, processor: OfficeId = ONE) -> WaitingOutput:
        return WaitingOutput("topic", 0, processor, KeyId(digest(key)), offset)

    assert outputs.wait(tx, waiting(1, 7), 2)
    assert outputs.wait(tx, waiting(1, 9), 2)
    assert outputs.wait(tx, waiting(2, 8), 2)
    assert not outputs.wait(tx, waiting(3, 10), 2)
    assert outputs.wait(tx, waiting(1, 5), 2)
    assert outputs.wait(tx, waiting(3, 11, TWO), 2)
    found = sorted(outputs.waiting_in(tx, "topic", 0), key=lambda one: one.first_offset)
    assert found == [waiting(1, 5), waiting(2, 8), waiting(3, 11, TWO)]
    outputs.stop_waiting(tx, waiting(2, 8))
    assert outputs.wait(tx, waiting(3, 12), 2)
    assert outputs.waiting_in(tx, "topic", 1) == []


def test_a_difference_keeps_the_moment_at_which_it_was_found(tx: Transaction) -> None:
    found = OutputDifference(LINK, case_id(1), ONE, "case", 5, "words")
    differences.put(tx, found)
    differences.put(tx, found._replace(since=9, words="other words"))
    assert differences.of_link(tx, LINK) == [found._replace(words="other words")]
    assert differences.of_case(tx, LINK, case_id(2)) == []
    differences.remove(tx, *found[:4])
    assert differences.of_link(tx, LINK) == []
