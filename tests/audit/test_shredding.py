"""What an audit says of contents that are gone by agreement, and of those that may not be."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from blo_audit.findings.codes import Code, Severity
from blo_audit.replay.signatures import Mode
from blo_audit.replay.statement import ReplayStatement, ShreddedCase, not_proved, proved
from blo_cli.audit.forms import replay_form
from blo_cli.terminal import json_text
from blo_schemas.grants import grant_record_key
from blo_schemas.ids import CaseId, KeyId, OfficeId
from blo_schemas.summary import Step
from tests.audit.exhibits import LINK, Exhibit, World, Writer, audit, exhibit_of, found, observer
from tests.audit.mutations import ALL
from tests.audit.scene import scene
from tests.audit.shredding import BOTH, THIRD, agreed, conference, confirm, leave, withdrawal
from tests.processors.world import LA, OBSERVER, VN

THREE = (VN, LA, THIRD)


def _writer(world: World | None = None) -> Writer:
    made = world or World(seed=3)
    return Writer(made, made.places[0], 3)


def _audited(
    writer: Writer, mode: Mode = Mode.FULL, more: Exhibit | None = None
) -> ReplayStatement:
    exhibit = more or exhibit_of(writer.world, writer)
    return audit(exhibit, mode, identity=observer(writer.world))


def _shredded(report: ReplayStatement) -> Sequence[ShreddedCase]:
    [link] = report.links
    assert link.views is not None
    return link.views.shredded


@pytest.mark.parametrize("mode", list(Mode))
def test_a_shredded_log_passes_and_names_the_agreement_and_both_confirmations(mode: Mode) -> None:
    writer = _writer()
    writer.open(LA)
    case = agreed(writer)
    confirm(writer, case, LA, VN)
    writer.say(*BOTH)
    exhibit = exhibit_of(writer.world, writer)
    exhibit.grants_[LINK] += [withdrawal(case), withdrawal(case, LA)]
    report = _audited(writer, mode, exhibit)
    assert report.clean, report.findings
    [link] = report.links
    assert link.views is not None
    assert link.views.agreed == 2
    [said] = [one for one in proved(link) if case.hex() in one]
    assert f"The contents of case {case.hex()} are gone by agreement of vn-a and la-b" in said
    assert "at record 4, 2025-" in said
    assert said.endswith("has signed la-b at record 5 and vn-a at record 6.")
    assert any("whether an office that signed so" in one.lower() for one in not_proved(link))
    [told] = json.loads(json_text(replay_form(report)))["links"][0]["views"]["shredded"]
    assert (told["case"], told["agreed_at"], told["missing"]) == (case.hex(), 4, [])
    assert told["confirmed"] == [
        {"office": "la-b", "position": 5},
        {"office": "vn-a", "position": 6},
    ]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("confirming", [(), (VN,), (LA,)])
def test_a_shredding_that_lacks_a_confirmation_is_a_finding_about_who_is_missing(
    mode: Mode, confirming: tuple[OfficeId, ...]
) -> None:
    writer = _writer()
    case = agreed(writer)
    confirm(writer, case, *confirming)
    report = _audited(writer, mode)
    told = found(report, Code.SHREDDING_UNCONFIRMED)
    assert {one.office for one in told} == set(BOTH) - set(confirming)
    assert {(one.position, one.severity) for one in told} == {(3, Severity.DOUBT)}
    assert all(case.hex() in one.detail and "at record 3, 2025-" in one.detail for one in told)
    assert not report.clean
    [link] = report.links
    assert not [one for one in proved(link) if "gone by agreement" in one]
    [said] = [one for one in not_proved(link) if case.hex() in one]
    missing = " and ".join(sorted(set(BOTH) - set(confirming)))
    assert said.endswith(f"; {missing} has not signed that it deleted them.")


def test_at_a_conference_all_three_offices_have_to_agree_and_to_confirm() -> None:
    writer = _writer(conference())
    first = agreed(writer, THREE)
    confirm(writer, first, *THREE)
    whole = _audited(writer)
    assert whole.clean, whole.findings
    [said] = [one for one in proved(whole.links[0]) if first.hex() in one]
    assert "by agreement of vn-a and la-b and la-c, at record 4" in said
    assert "vn-a at record 5 and la-b at record 6 and la-c at record 7" in said
    second = agreed(writer, THREE)
    confirm(writer, second, VN, THIRD)
    [told] = found(_audited(writer), Code.SHREDDING_UNCONFIRMED)
    assert (told.office, told.position) == (LA, 12)


def test_two_of_three_offices_have_agreed_nothing() -> None:
    writer = _writer(conference())
    case = writer.open(VN)
    writer.step(VN, case, Step.WITHDRAW)
    for office in BOTH:
        writer.step(office, case, Step.SHRED)
    report = _audited(writer)
    assert report.clean
    assert _shredded(report) == ()


def test_who_left_after_agreeing_still_owes_its_confirmation() -> None:
    world = conference()
    writer = _writer(world)
    case = agreed(writer, THREE)
    leave(world, writer)
    confirm(writer, case, *BOTH)
    [told] = found(_audited(writer), Code.SHREDDING_UNCONFIRMED)
    assert (told.office, told.position) == (THIRD, 4)


def test_a_proposal_that_was_taken_back_is_no_agreement() -> None:
    writer = _writer()
    case = writer.open(VN)
    writer.step(VN, case, Step.WITHDRAW)
    writer.step(VN, case, Step.SHRED)
    writer.step(LA, case, Step.KEEP)
    report = _audited(writer)
    assert report.clean
    assert _shredded(report) == ()
    exhibit = exhibit_of(writer.world, writer)
    exhibit.grants_[LINK].append(withdrawal(case))
    [told] = found(_audited(writer, more=exhibit), Code.GRANTS_WITHDRAWN)
    assert case.hex() in told.detail
    # It counts again only when both say so again.
    for office in (LA, VN):
        writer.step(office, case, Step.SHRED)
    confirm(writer, case, *BOTH)
    assert [one.agreed_at for one in _shredded(_audited(writer))] == [5]


def test_grants_withdrawn_without_an_agreement_are_a_finding_that_names_the_case() -> None:
    case = CaseId(next(iter(scene().writer.contents)))
    exhibit = scene().exhibit.copy()
    exhibit.grants_[LINK] += [withdrawal(case), withdrawal(case, LA), withdrawal(b"\0" * 32)]
    report = audit(exhibit, identity=observer(scene().world), links=[LINK])
    none, real = sorted(
        found(report, Code.GRANTS_WITHDRAWN), key=lambda one: case.hex() in str(one)
    )
    assert f"case {case.hex()}, which is " in real.detail
    assert "no case's that counts here" in none.detail
    assert (real.severity, real.office) == (Severity.DOUBT, None)


def test_a_forged_confirmation_is_no_word_in_either_mode() -> None:
    [mutation] = [one for one in ALL if one.name == "confirmation_forged"]
    for mode in Mode:
        exhibit = scene().exhibit.copy()
        mutation.spoil(scene(), exhibit)
        report = audit(exhibit, mode, identity=observer(scene().world), links=[LINK])
        [told] = found(report, Code.SHREDDING_UNCONFIRMED)
        assert told.office == LA
        [one] = _shredded(report)
        assert [each.office for each in one.confirmed] == [VN]


def test_what_could_not_be_opened_or_read_is_not_called_missing() -> None:
    writer = _writer()
    case = agreed(writer)
    confirm(writer, case, *BOTH)
    bare = exhibit_of(writer.world, writer)
    bare.grants_[LINK] = [
        withdrawal(case),
        *[one for one in bare.grants_[LINK] if one.key != _grant_of(writer, LA)],
    ]
    report = _audited(writer, more=bare)
    assert found(report, Code.KEYS_MISSING)
    assert report.clean, report.findings
    holed = exhibit_of(writer.world, writer)
    del holed.records_[LINK][4]
    assert {one.code for one in _audited(writer, more=holed).findings} >= {Code.RECORDS_MISSING}
    assert not found(_audited(writer, more=holed), Code.SHREDDING_UNCONFIRMED)


def _grant_of(writer: Writer, office: OfficeId) -> bytes:
    return grant_record_key(KeyId(writer.key_of(office).id), OBSERVER)


def test_without_summary_keys_it_is_said_that_shreddings_cannot_be_told() -> None:
    writer = _writer()
    case = agreed(writer)
    exhibit = exhibit_of(writer.world, writer)
    exhibit.grants_[LINK].append(withdrawal(case))
    report = audit(exhibit)
    assert report.clean
    assert any("gone by agreement (shredding)" in one for one in not_proved(report.links[0]))
