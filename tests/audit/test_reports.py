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
from tests.audit.frozen import Edit, Given, freeze

Values = dict[str, Any]


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


def figure(frozen: Values, name: str) -> Values:
    figures: list[Values] = frozen["report"]["figures"]
    return next(one for one in figures if one["indicator"] == name)


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


# What is wrong by the report's own words. Whoever edits a file breaks the signature; the office
# itself could sign anew what it has edited, and is found all the same.


def edit_number(frozen: Values) -> None:
    figure(frozen, "overstay_penalties")["totals"][0]["amount"] = "4"


def edit_seizure(frozen: Values) -> None:
    figure(frozen, "seizures")["totals"][1]["amount"] = "385"


def edit_plain_amount(frozen: Values) -> None:
    edit_number(frozen)
    figure(frozen, "overstay_penalties")["events"][0]["amounts"][0]["amount"] = "2"


def change_unit(frozen: Values) -> None:
    figure(frozen, "seizures")["unit"] = "kg"


def change_unit_of_a_substance(frozen: Values) -> None:
    figure(frozen, "seizures")["totals"][0]["of"][1] = "kg"


def remove_event_only(frozen: Values) -> None:
    figure(frozen, "overstay_penalties")["events"].pop()


def add_foreign_event(frozen: Values) -> None:
    one = figure(frozen, "overstay_penalties")
    one["events"].append({**one["events"][0], "event": "ab" * 32})
    one["totals"][0]["amount"] = "4"


def count_twice(frozen: Values) -> None:
    one = figure(frozen, "overstay_penalties")
    one["events"].append(one["events"][0])
    one["totals"][0]["amount"] = "4"


def count_what_does_not_fit(frozen: Values) -> None:
    other = figure(frozen, "arrests")["events"][0]["event"]
    figure(frozen, "overstay_penalties")["events"][0]["event"] = other


def call_the_step_otherwise(frozen: Values) -> None:
    frozen["report"]["events"][0]["step"] = "join"


def claim_anothers_event(frozen: Values) -> None:
    frozen["report"]["events"][0]["office"] = B


def move_out_of_the_period(frozen: Values) -> None:
    figure(frozen, "overstay_penalties")["events"][0]["on"] = "2025-11-01"


def shorten_the_period(frozen: Values) -> None:
    frozen["report"]["last"] = "2025-01-31"


def take_a_figure_out(frozen: Values) -> None:
    frozen["report"]["figures"].remove(figure(frozen, "joint_cases"))


def add_a_figure(frozen: Values) -> None:
    frozen["report"]["figures"].append({**figure(frozen, "delegations"), "indicator": "medals"})


def hide_what_was_not_read(frozen: Values) -> None:
    frozen["report"]["links"][0]["closed"] = [6]
    frozen["report"]["notes"] = []


def count_by_other_rules(frozen: Values) -> None:
    frozen["report"]["rules"] = 99


def have_one_person_do_all(frozen: Values) -> None:
    for step in frozen["steps"]:
        step["by"] = "officer"


def skip_the_review(frozen: Values) -> None:
    frozen["steps"] = [step for step in frozen["steps"] if step["act"] != "review"]


def have_one_person_do_all_in_two_spellings(frozen: Values) -> None:
    for step, name in zip(frozen["steps"], ("Lê Hòa", "le  HOÀ", "Lе Ноа", "Lê-Hòa"), strict=True):
        step["by"] = name


def freeze_before_the_end(frozen: Values) -> None:
    frozen["report"]["as_of"] = frozen["report"]["until"] - 1


def sign_before_the_review(frozen: Values) -> None:
    frozen["steps"][1], frozen["steps"][2] = frozen["steps"][2], frozen["steps"][1]


def claim_better_times(frozen: Values) -> None:
    row = frozen["report"]["response_times"]
    row.append(
        {
            "link": "z~z",
            "office": A,
            "clock": "answer",
            "met": 3,
            "missed": 0,
            "open": 0,
            "median_ms": 9,
            "p90_ms": 1,
        }
    )


def change_a_proof(frozen: Values) -> None:
    frozen["report"]["events"][0]["proof"][0] = "cd" * 32


def shorten_a_proof(frozen: Values) -> None:
    frozen["report"]["events"][0]["proof"].pop()


def change_a_leaf(frozen: Values) -> None:
    frozen["report"]["events"][0]["leaf"] = "cd" * 32


def move_an_event(frozen: Values) -> None:
    events = frozen["report"]["events"]
    events[0]["leaf"], events[1]["leaf"] = events[1]["leaf"], events[0]["leaf"]


def change_the_root(frozen: Values) -> None:
    frozen["report"]["links"][0]["tree_root"] = "cd" * 32


def count_less(frozen: Values) -> None:
    frozen["report"]["links"][0]["size"] = 2


def count_more(frozen: Values) -> None:
    frozen["report"]["links"][0]["size"] = 8


def change_the_log_hash(frozen: Values) -> None:
    frozen["report"]["links"][0]["log_hash"] = "cd" * 32


def change_a_head(frozen: Values) -> None:
    head = frozen["report"]["heads"][-1]
    head["head"] = head["head"][:-2] + ("00" if head["head"][-2:] != "00" else "01")


def take_a_head_for_anothers(frozen: Values) -> None:
    frozen["report"]["heads"][-1]["office"] = "la-c"


CHANGES: list[tuple[Edit, str]] = [
    (edit_number, Flaw.NUMBER_EDITED),
    (edit_seizure, Flaw.NUMBER_EDITED),
    (edit_plain_amount, Flaw.AMOUNT_EDITED),
    (change_unit, Flaw.UNIT_CHANGED),
    (change_unit_of_a_substance, Flaw.NUMBER_EDITED),
    (remove_event_only, Flaw.NUMBER_EDITED),
    (add_foreign_event, Flaw.EVENT_MISSING),
    (count_twice, Flaw.COUNTED_TWICE),
    (count_what_does_not_fit, Flaw.EVENT_DOES_NOT_FIT),
    (call_the_step_otherwise, Flaw.EVENT_DOES_NOT_FIT),
    (claim_anothers_event, Flaw.EVENT_DOES_NOT_FIT),
    (move_out_of_the_period, Flaw.OUTSIDE_THE_PERIOD),
    (shorten_the_period, Flaw.OUTSIDE_THE_PERIOD),
    (take_a_figure_out, Flaw.FIGURE_MISSING),
    (add_a_figure, Flaw.FIGURE_UNKNOWN),
    (hide_what_was_not_read, Flaw.NOTE_MISSING),
    (count_by_other_rules, Flaw.UNKNOWN_RULES),
    (have_one_person_do_all, Flaw.ONE_PERSON),
    (have_one_person_do_all_in_two_spellings, Flaw.ONE_PERSON),
    (freeze_before_the_end, Flaw.PERIOD_NOT_ENDED),
    (skip_the_review, Flaw.ONE_PERSON),
    (sign_before_the_review, Flaw.STEPS_MISSING),
    (claim_better_times, Flaw.RESPONSE_TIMES_EDITED),
    (change_a_proof, Code.PROOF_FAILED),
    (shorten_a_proof, Code.PROOF_FAILED),
    (change_a_leaf, Code.PROOF_FAILED),
    (move_an_event, Code.PROOF_FAILED),
    (change_the_root, Code.REPORT_OF_ANOTHER_LOG),
    (count_less, Flaw.BEYOND_THE_CUT),
    (count_more, Code.PROOF_FAILED),
    (change_the_log_hash, Code.REPORT_OF_ANOTHER_LOG),
    (change_a_head, Code.REPORT_HEAD_REFUSED),
    (take_a_head_for_anothers, Code.REPORT_HEAD_REFUSED),
]


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
