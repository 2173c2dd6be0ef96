"""Whatever document is admitted, every rule and every program can use it: nothing raises later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_agent.office.case_clocks import local_text, zone_of
from blo_cli.instant_text import InstantText
from blo_cli.trust.words import describe
from blo_domain.commands import ChannelRules
from blo_domain.deadlines.evaluate import alerts, clock_states, next_change
from blo_domain.deadlines.policies import four_urgencies
from blo_domain.deadlines.responses import Window, responses
from blo_domain.deadlines.terms import terms_of
from blo_domain.reports.annual_report import Period
from blo_domain.reports.document import window_of
from blo_domain.trust import TrustedDirectory
from blo_domain.trust.errors import TrustRule
from blo_domain.trust.model import ParsedDocument, title
from blo_log.topics import plan
from blo_schemas.clocks import ALERT, CLOCK_VIEW
from blo_schemas.codec import encode
from blo_schemas.ids import CertificateTag, OfficeId
from blo_schemas.instants import LAST_INSTANT
from blo_schemas.policy import Calendar, OfficeZone, Span, SpanUnit
from blo_schemas.summary import Step, Urgency
from blo_schemas.trust import DatedText, Role, SignedDocument
from blo_schemas.verdicts import Outcome
from tests.unit.deadlines.histories import LINK as PLAYED
from tests.unit.deadlines.histories import Case
from tests.unit.trust.documents import (
    LA_B,
    LINK,
    START,
    VN_A,
    VN_B,
    YEAR,
    agreement,
    basis,
    certificate,
    empty,
    entry,
    refusal,
    revocation,
)

EDGES = (0, START + 1000, START + YEAR, LAST_INSTANT - 60_000, LAST_INSTANT)
instants = st.sampled_from(EDGES) | st.integers(0, LAST_INSTANT)
days = st.sampled_from([date.min, date.max, date(1970, 1, 1), date(2200, 1, 1)]) | st.dates()
good_words = st.sampled_from(
    ["{}", "{0!r}", "%s", "Văn phòng", "ຫ້ອງ\u200bການ", "边境", "=1+1", "a" * 64]
)
words = good_words

good_zones = st.sampled_from(
    ["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Ho_Chi_Minh", "Africa/Monrovia",
     "America/Scoresbysund", "Asia/Kathmandu"]
)  # fmt: skip
short = st.builds(
    Span, amount=st.integers(1, 600), unit=st.sampled_from([SpanUnit.MINUTES, SpanUnit.HOURS])
)
long = st.builds(
    Span,
    amount=st.integers(25, 3653),
    unit=st.sampled_from([SpanUnit.CALENDAR_DAYS, SpanUnit.WORKING_DAYS]),
)
weekends = st.lists(st.integers(1, 7), max_size=6, unique=True).map(tuple)
dated = st.builds(
    DatedText,
    text=words.filter(bool),
    language=words,
    since=st.none() | st.just(date.min) | days,
    until=st.none() | st.just(date.max) | days,
)
names = st.lists(dated, max_size=3).map(tuple)


@st.composite
def policies(draw: st.DrawFn) -> Any:
    stock = four_urgencies((LA_B, VN_A))
    rows = tuple(
        msgspec.structs.replace(row, acknowledge=draw(short), answer=draw(long))
        for row in stock.deadlines
    )
    free = st.lists(days, max_size=3, unique=True).map(tuple)
    calendars = tuple(
        Calendar(
            country=one.country,
            weekend=draw(weekends),
            extra_days_off=draw(free) if one.country == "la" else (),
            extra_working_days=() if one.country == "la" else draw(free),
        )
        for one in stock.calendars
    )
    return msgspec.structs.replace(
        stock,
        name=draw(words.filter(lambda text: 0 < len(text) <= 64)),
        deadlines=rows if draw(st.booleans()) else stock.deadlines,
        calendars=calendars,
        zones=tuple(OfficeZone(office=one, zone=draw(good_zones)) for one in (LA_B, VN_A)),
        refusal_grounds=draw(st.lists(words, max_size=2, unique=True).map(tuple)),
        silent_after=draw(short),
    )


@st.composite
def documents(draw: st.DrawFn) -> list[SignedDocument]:
    """What two careless countries and their offices may sign."""
    other = certificate(
        VN_B,
        role=draw(st.sampled_from(Role)),
        names=draw(names),
        not_before=draw(st.just(START) | instants),
        not_after=draw(st.sampled_from([START + YEAR, LAST_INSTANT]) | instants),
    )
    size = draw(st.sampled_from([0, 2**53]))
    return [
        other,
        revocation(other, draw(instants), {LINK: size}, reason=draw(words.filter(bool))),
        entry(VN_A, names=draw(names), hosts=draw(names), region=draw(words), level=draw(words)),
        entry(LA_B, names=draw(names), successor=draw(st.sampled_from([None, VN_A, VN_B]))),
        agreement(
            policy=draw(policies()),
            partition=draw(st.sampled_from([0, 9999])),
            effective_from=draw(st.sampled_from([START + 1000, START + YEAR, START + 2 * YEAR])),
            effective_until=draw(st.none() | st.just(LAST_INSTANT)),
            working_marking=draw(words),
            refused_markings=draw(st.lists(words, max_size=2, unique=True).map(tuple)),
        ),
    ]


UTC_ZONE = ZoneInfo("UTC")


def use(directory: TrustedDirectory) -> None:
    """Do with a directory what agents, processors, auditors and commands do."""
    for document in directory.documents.values():
        assert "\x1b" not in "".join(describe(document, encode(document), InstantText(UTC_ZONE)))
        assert title(document).isprintable()
    for at in EDGES:
        _ask(directory, at)
    for corridor in directory.corridors():
        plan({corridor: directory.partition_count(corridor)}, replication=1, min_isr=1)
    for link in directory.links():
        terms = terms_of((one.agreement, one.start, one.end) for one in directory.terms(link))
        for one in directory.terms(link):
            ChannelRules.of(one.agreement)
        zone = zone_of(VN_A, terms)
        for at in EDGES:
            local_text(at, zone)
        for first, last in ((date.min, date.max), (date.min, date.min), (date.max, date.max)):
            window_of(Period(first, last), zone)
        for at in EDGES:
            _play(terms, at)


def _ask(directory: TrustedDirectory, at: int) -> None:
    for subject in (VN_A, VN_B, LA_B):
        directory.links_of(subject, at)
        directory.certificate(subject, at)
        for day in (date.min, date(2025, 3, 1), date.max):
            for language in ("vi", "", "lo-x"):
                directory.name(subject, day, language, date.max)
    directory.readers(LINK, at)
    directory.expiring(at)
    for tag in [CertificateTag(bytes(8)), *(one.tag for one in _held(directory))]:
        directory.writer(LINK, tag, 0, at)


def _held(directory: TrustedDirectory) -> Iterator[Any]:
    for subject in (VN_A, VN_B, LA_B):
        yield from directory.certificates(subject)


def _play(terms: Any, opened: int) -> None:
    """A case under these terms, whose clocks and alerts anybody can work out, send and read."""
    for urgency in (Urgency.ROUTINE, Urgency.IMMEDIATE):
        case = Case(opener=VN_A, parties=(LA_B, VN_A), urgency=urgency)
        assert case.takes(VN_A, Step.OPEN, opened).outcome is Outcome.ACCEPTED
        case.takes(LA_B, Step.ACKNOWLEDGE, LAST_INSTANT)
        CLOCK_VIEW.decode(encode(case.now))
        for now in (opened, LAST_INSTANT):
            clock_states(case.now, terms, now)
            next_change(case.now, terms, now)
            for alert in alerts(case.now, terms, now):
                ALERT.decode(encode(alert))
            responses([case.now], {PLAYED: terms}, Window(0, LAST_INSTANT), now)


@settings(max_examples=25, deadline=None)
@given(documents())
def test_whatever_is_admitted_can_be_used_by_everybody(made: list[SignedDocument]) -> None:
    directory, _ = empty().load([*basis(), *made])
    use(directory)


@settings(max_examples=15, deadline=None)
@given(policies(), st.none() | st.just(LAST_INSTANT))
def test_whatever_policy_is_admitted_every_clock_can_be_computed_under_it(
    policy: Any, until: int | None
) -> None:
    signed = agreement(policy=policy, effective_until=until)
    directory, refusals = empty().load([*basis(), signed])
    assert not refusals, "the test is of what is admitted"
    use(directory)


@pytest.mark.parametrize(
    "char", ["\x00", "\n", "\x1b", "\x9b", "\u202e", "\u2066", "\u2060", "\ufeff"]
)
def test_a_text_that_is_not_what_it_looks_like_is_refused_wherever_it_stands(char: str) -> None:
    text = f"Ky Son{char}"
    documents = [
        certificate(VN_B, names=(DatedText(text=text),)),
        certificate(VN_B, names=(DatedText(text="Ky Son", language=text),)),
        certificate(OfficeId(f"vn-b{char}")),
        entry(VN_A, hosts=(DatedText(text=text),)),
        entry(VN_A, region=text),
        revocation(certificate(VN_A), START, reason=text),
        agreement(working_marking=text),
        agreement(policy=msgspec.structs.replace(four_urgencies((LA_B, VN_A)), name=text)),
    ]
    for signed in documents:
        error = refusal(signed)
        assert error.rule is TrustRule.HIDDEN_CHARACTER
        assert char not in str(error)
        assert f"U+{ord(char):04X}" in error.problem


def test_names_in_the_corridors_scripts_are_admitted() -> None:
    for text in (
        "Văn phòng liên lạc (cũ)",
        "ຫ້ອງການ\u200bປະສານງານ",
        "边境联络官办公室",
        "ភូមិ\u200bភាគ",
        "က\u200cခ",
    ):
        ParsedDocument(certificate(VN_B, names=(DatedText(text=text),)))


def test_the_last_instant_has_a_date_in_every_zone() -> None:
    assert local_text(LAST_INSTANT, "Pacific/Kiritimati").startswith("9999-12-30 14:00")
    assert local_text(2**63, "Etc/GMT+12").startswith("9999-12-29 12:00")
    assert datetime.fromtimestamp(LAST_INSTANT / 1000, UTC) == datetime(9999, 12, 30, tzinfo=UTC)
