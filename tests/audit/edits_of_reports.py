"""Edits of a frozen report, each with the name under which it is found."""

from __future__ import annotations

from typing import Any

from blo_audit.findings.codes import Code
from blo_domain.reports.checks import Flaw
from tests.agents.world import A, B
from tests.audit.frozen import Edit

Values = dict[str, Any]


def figure(frozen: Values, name: str) -> Values:
    figures: list[Values] = frozen["report"]["figures"]
    return next(one for one in figures if one["indicator"] == name)


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
