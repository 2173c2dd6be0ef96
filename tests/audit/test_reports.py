"""Verifying a frozen report offline: every change is found, and named."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from blo_audit.findings.codes import Code
from blo_audit.reports.verify import audit_report, contradicting_reports
from blo_domain.reports.checks import Flaw
from blo_schemas.errors import WireError
from blo_schemas.ids import LinkId
from blo_schemas.reports import SignedReport, signed_report, to_json
from tests.agents.world import LINK, A, B
from tests.audit.edits_of_reports import CHANGES, Values, edit_number, figure
from tests.audit.frozen import Edit, Given, freeze


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return freeze(tmp_path_factory.mktemp("frozen"))


def found(data: bytes, **evidence: Any) -> set[str]:
    return {
        finding.detail.partition(":")[0]
        if finding.code is Code.REPORT_CONTRADICTS_ITSELF
        else str(finding.code)
        for finding in audit_report(data, **evidence).findings
    }


def test_an_untouched_report_is_verified_with_all_evidence(given: Given) -> None:
    audited = audit_report(
        given.data, directory=given.directory, heads=given.heads, records=given.records
    )
    assert list(audited.findings) == []
    assert audited.unchecked == []
    totals = {one.indicator: one.totals for one in given.report.figures}
    assert [one.amount for one in totals["overstay_penalties"]] == ["3"]
    assert {(one.of, one.amount) for one in totals["seizures"]} == {
        (("heroin", "banh"), "8"),
        (("methamphetamine_crystal", "kg"), "38.5"),
    }


def test_what_both_offices_report_counts_once_and_names_both(given: Given) -> None:
    (arrests,) = [one for one in given.report.figures if one.indicator == "arrests"]
    (counted,) = arrests.events
    assert len(counted.also_reported) == 1
    at = {event.event: event for event in given.report.events}
    assert (at[counted.event].office, at[counted.also_reported[0]].office) == (A, B)


def test_without_documents_and_log_it_is_said_what_was_not_checked(given: Given) -> None:
    audited = audit_report(given.data)
    assert list(audited.findings) == []
    assert any("signature" in one for one in audited.unchecked)
    assert any("the log" in one for one in audited.unchecked)


@pytest.mark.parametrize(("edit", "flaw"), CHANGES)
def test_an_edited_report_is_caught_and_what_was_edited_is_named(
    given: Given, edit: Edit, flaw: str
) -> None:
    data = given.edited(edit)
    assert found(data, directory=given.directory) >= {flaw, Code.REPORT_BAD_SIGNATURE}
    # The signature apart, the file alone is enough, except for what only a signature shows.
    if flaw is not Code.REPORT_HEAD_REFUSED:
        assert flaw in found(data)


@pytest.mark.parametrize(("edit", "flaw"), CHANGES)
def test_an_office_that_signs_its_own_edits_is_caught_too(
    given: Given, edit: Edit, flaw: str
) -> None:
    data = given.edited(edit, signed_again=True)
    flaws = found(data, directory=given.directory)
    assert flaw in flaws
    assert Code.REPORT_BAD_SIGNATURE not in flaws


def test_an_event_that_was_taken_out_with_its_number_is_still_among_the_proved_ones(
    given: Given,
) -> None:
    def take_out(frozen: Values) -> None:
        one = figure(frozen, "overstay_penalties")
        event = one["events"].pop()["event"]
        one["totals"][0]["amount"] = "2"
        notes = frozen["report"]["notes"]
        frozen["report"]["notes"] = [note for note in notes if note["event"] != event]

    assert found(given.edited(take_out, signed_again=True)) == {Flaw.EVENT_UNUSED}


# Who signed.


def test_a_report_signed_with_another_offices_key_is_caught(given: Given) -> None:
    data = to_json(given.sign(given.signed.frozen, A))
    assert found(data, directory=given.directory) == {Code.REPORT_BAD_SIGNATURE}


def test_a_report_under_another_certificate_is_caught(given: Given) -> None:
    def edit(frozen: Values) -> None:
        frozen["kid"] = given.directory.certificates(A)[0].tag.hex()

    data = given.edited(edit, signed_again=True)
    assert found(data, directory=given.directory) == {Code.REPORT_NOT_CERTIFIED}


def test_a_certificate_must_be_valid_when_the_report_was_frozen(given: Given) -> None:
    def edit(frozen: Values) -> None:
        for step in frozen["steps"]:
            step["at"] += 10 * 366 * 86_400_000

    data = given.edited(edit, signed_again=True)
    assert found(data, directory=given.directory) == {Code.REPORT_NOT_CERTIFIED}


def test_two_frozen_reports_of_one_office_and_period_that_differ_are_named(given: Given) -> None:
    other = signed_report(given.edited(edit_number, signed_again=True))
    (finding,) = contradicting_reports([given.signed, given.signed, other])
    assert finding.code is Code.REPORTS_CONTRADICT
    assert "vn-province 2024-11-01 to 2025-10-31" in finding.part
    assert list(contradicting_reports([given.signed, given.signed])) == []


def test_two_frozen_reports_of_one_office_that_share_a_day_are_named(given: Given) -> None:
    def shift(days: int) -> SignedReport:
        def edit(frozen: Values) -> None:
            first = date.fromisoformat(frozen["report"]["last"]) + timedelta(days=days)
            frozen["report"]["first"], frozen["report"]["last"] = str(first), str(first)

        return signed_report(given.edited(edit, signed_again=True))

    assert list(contradicting_reports([given.signed, shift(1)])) == []
    (finding,) = contradicting_reports([given.signed, shift(1), shift(0)])
    assert finding.code is Code.REPORTS_CONTRADICT
    assert "to 2025-10-31 and 2025-10-31" in finding.part


def test_a_report_that_names_another_table_of_holidays_than_the_agreements_is_caught(
    given: Given,
) -> None:
    def edit(frozen: Values) -> None:
        frozen["report"]["links"][0]["holidays"] = [2]

    data = given.edited(edit, signed_again=True)
    assert found(data, directory=given.directory) == {Code.REPORT_BY_ANOTHER_CALENDAR}


# Against the log.


def test_heads_from_elsewhere_over_another_log_are_named(given: Given) -> None:
    def edit(frozen: Values) -> None:
        frozen["report"]["heads"] = []
        frozen["report"]["links"][0]["log_hash"] = "cd" * 32

    data = given.edited(edit, signed_again=True)
    evidence = {"directory": given.directory, "heads": given.heads}
    assert found(data, **evidence) == {Code.REPORT_OF_ANOTHER_LOG}
    assert found(data, directory=given.directory) == set()
    audited = audit_report(data, directory=given.directory)
    assert f"no counterpart's head vouches for {LINK}" in audited.unchecked


def test_another_event_than_the_log_has_there_is_named(given: Given) -> None:
    def swap(frozen: Values) -> None:
        events = frozen["report"]["events"]
        for key in ("leaf", "proof", "position"):
            events[0][key], events[1][key] = events[1][key], events[0][key]
        events[0], events[1] = events[1], events[0]
        for note in frozen["report"]["notes"]:
            note["position"] = {0: 1, 1: 0}.get(note["position"], note["position"])

    data = given.edited(swap, signed_again=True)
    assert found(data, directory=given.directory) == set()
    assert found(data, records=given.records) == {Code.REPORT_OF_ANOTHER_LOG}


def test_a_log_that_is_another_or_too_short_is_named(given: Given) -> None:
    values = list(given.records[LINK])
    assert found(given.data, records={LINK: values[:-1]}) == {Code.RECORDS_MISSING}
    values[4] = values[2]
    flaws = found(given.data, records={LINK: values})
    assert flaws == {Code.REPORT_OF_ANOTHER_LOG}
    assert found(given.data, records={LinkId("x"): values}) == {Code.RECORDS_MISSING}


# The file.


def test_a_file_in_another_form_is_told_although_its_numbers_are_right(given: Given) -> None:
    compact = msgspec.json.encode(given.signed)
    assert found(compact, directory=given.directory) == {Code.REPORT_NOT_CANONICAL}
    twice = given.data.replace(b'"rules":', b'"rules": 7,\n   "rules":', 1)
    assert found(twice, directory=given.directory) == {Code.REPORT_NOT_CANONICAL}


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        audit_report(data)
