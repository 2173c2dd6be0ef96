"""What must hold after every round, whatever the hostile office and the operator have done."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import quote

from blo_agent.agent import Agent, AgentOptions
from blo_agent.api.app import office_api
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import records
from blo_audit.findings.codes import Code, Severity
from blo_audit.findings.findings import SHOWN, Finding
from blo_audit.replay.statement import ReplayStatement
from blo_log import topics
from blo_projection.granted_keys import GrantedKeys
from blo_runtime.http_connections import PEER
from blo_runtime.unix_socket import PeerCredentials
from blo_schemas.codec import encode
from blo_schemas.errors import WireError
from blo_schemas.event import decode_event
from blo_schemas.hashes import event_id, event_input, head_input
from blo_schemas.heads import HEAD, MAX_NAMED_UNOPENED, SIGNED_HEAD
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.reports import PeriodReport
from blo_schemas.verdicts import Reason
from blo_sealing.identity import ProgramIdentity
from blo_sealing.signatures import verify_signature
from tests.agents.world import CORRIDOR, PROVINCE, A, B, RunningAgent
from tests.hostile.scene import EXCHANGE, LogBoard, Scene
from tests.hostile.world import HOSTILE, OBSERVER, PLACES, PROCESSOR, QUIET, READERS, WITNESS, X

HONEST = frozenset((A, B, PROVINCE, PROCESSOR, WITNESS))
BLAMELESS = frozenset(
    {
        Code.FORK,
        Code.HEADS_CONTRADICT,
        Code.HEAD_ROOT_DIFFERS,
        Code.VIEWS_DIFFER,
        Code.TRAIL_DIFFERS,
        Code.CASE_DIFFERS,
        Code.JOURNAL_REWRITTEN,
        Code.SEEN_GOES_BACK,
        Code.BACK_DATED,
    }
)
"""What only an office itself can bring about: no honest one is ever told of."""
EQUIVOCATIONS = frozenset({Code.HEADS_CONTRADICT, Code.HEAD_OF_ANOTHER_LOG, Code.HEAD_BEYOND_LOG})
"""How an audit tells of two heads that contradict each other."""
UNPROVED = frozenset({str(Reason.PAYLOAD_MISMATCH)})
"""What the broker can bring about as well: the sealed parts lie beside what is signed."""
ASKED = 25
"""Of so many cases, those that moved last, each agent is asked everything."""
PERIODS = tuple(
    f"?from={first}&to={last}"
    for first, last in (("2024-11-01", "2025-10-31"), ("0001-01-01", "9999-12-31"))
)
Row = tuple[str, str, bool]


class Expected(NamedTuple):
    """What the round gives when nobody is hostile.

    Attributes:
        figures: What the events of the quiet link count, by office.
        quiet: Verdicts of the quiet link's records, by position.
    """

    figures: dict[OfficeId, list[Any]]
    quiet: list[Row]


async def expected_of(scene: Scene) -> Expected:
    """What honest programs conclude; the scene is one without an attack."""
    verdicts = await scene.agents[A].verdicts(QUIET)
    return Expected({one: await figures_of(scene, one) for one in (A, PROVINCE)}, verdicts)


async def judge(scene: Scene, expected: Expected, *, cut: bool = False) -> None:
    """All that must hold.

    Args:
        scene: The programs, which have read to the end.
        expected: The same round without an attack.
        cut: Whether records of the hostile link were taken away.
    """
    cut = cut or scene.shaky == HOSTILE
    for office, running in scene.agents.items():
        assert not running.task.done(), f"the agent of {office} has ended: {running.task}"
    assert not scene.witness_task.done(), "the witness has ended"
    for worker in scene.workers.values():
        assert not worker.dead(), f"left out of {worker.place.link}: {worker.dead()}"
    await judge_answers(scene)
    await judge_quiet_link(scene, expected)
    if not cut:
        await judge_agreement(scene)
    await judge_audit(scene, cut=cut)


# The programs live and answer.


class _Asked(Agent):
    """Stands for the agent that is asked now, because an application takes long to make."""

    agent: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.agent, name)


_asked: Any = _Asked.__new__(_Asked)


@cache
def _app() -> Any:
    _asked.options = AgentOptions()
    return office_api(_asked, socket_is_office=True)


async def judge_answers(scene: Scene) -> None:
    """Every question that the API knows, about everything that there is, gets an answer."""
    for office, running in scene.agents.items():
        _asked.agent = running.agent
        app = _app()
        for path in paths_of(app, running):
            status, answer = await get(app, path)
            assert status < 500, f"{office}: GET {path} is {status}: {answer[:300]!r}"
        for name, check in running.agent.checks().items():
            check()
            assert name


def paths_of(app: Any, running: RunningAgent) -> Iterable[str]:
    """All paths of the API, with everything that fits: a new one is asked, too."""
    desks = running.agent.office.links
    views = [view for link in desks for view in running.views(link)]
    views.sort(key=lambda view: -view.position)
    cases = [{"link": view.link, "case": view.case.hex()} for view in views[:ASKED]]
    links = [{"link": link} for link in (*desks, "elsewhere")]
    strays = [{"link": QUIET, "case": one["case"]} for one in cases[:3] if one["link"] == HOSTILE]
    for route in app.routes:
        if "GET" not in getattr(route, "methods", ()):
            continue
        path = route.path_format
        chosen = [*cases, *strays] if "{case}" in path else links if "{link}" in path else [{}]
        queries = PERIODS if path.endswith("/report") else ("",)
        for values, query in product(chosen, queries):
            filled = path
            for name, value in values.items():
                filled = filled.replace("{" + name + "}", quote(value))
            yield re.sub(r"\{\w+\}", "00" * 32, filled) + query


async def get(app: Any, path: str) -> tuple[int, bytes]:
    """Ask the application itself, without a socket."""
    bare, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": bare,
        "raw_path": bare.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"here")],
        PEER: PeerCredentials(os.getpid(), os.geteuid(), os.getegid()),
        "client": ("here", 1),
        "server": ("here", 80),
        "extensions": {},
    }
    status, body = 0, b""

    # The whole request, and then somebody who has gone: an answer without an end ends by that.
    said = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        return said.pop() if said else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    await app(scope, receive, send)
    return status, body


# The other link was never disturbed.


async def judge_quiet_link(scene: Scene, expected: Expected) -> None:
    """The link without a hostile office goes on as if there were none."""
    place = next(place for place in PLACES if place.link == QUIET)
    own = [at for at, _ in await honest_records(scene, QUIET)]
    for office in READERS[QUIET]:
        running = scene.agents[office]
        desk = running.desk(QUIET)
        assert desk.status.halted is None, f"{office}: {desk.status.halted}"
        assert desk.status.own_chain_checked or not desk.status.is_party
        assert not desk.unopened, f"{office} could not open {desk.unopened} of {QUIET}"
        verdicts = await running.verdicts(QUIET)
        told = [verdicts[at] for at in own]
        assert told == expected.quiet, f"{office}: other verdicts on {QUIET}"
    assert scene.witness.links[QUIET].stopped is None
    assert scene.workers[QUIET].place == place
    for office, figures in expected.figures.items():
        if all(
            desk.status.halted is None for desk in scene.agents[office].agent.office.links.values()
        ):
            assert await figures_of(scene, office) == figures, f"{office}: other figures"


async def honest_records(scene: Scene, link: LinkId) -> list[tuple[int, bytes]]:
    """Positions and ids of the events that honest offices have written, the first of each."""
    (place,) = (place for place in PLACES if place.link == link)
    found: dict[bytes, int] = {}
    directory = scene.world.trusted()
    for one in await LogBoard(scene.log).read(EXCHANGE, place.partition):
        try:
            envelope, header = decode_event(one.value or b"")
        except WireError:
            continue
        certified = directory.certified(link, header.certificate_tag)
        if certified is None or certified.certificate.subject == X:
            continue
        key = certified.certificate.signing_key
        if verify_signature(key, event_input(link, envelope.header), envelope.signature):
            found.setdefault(event_id(link, envelope.header), one.offset)
    return [(at, event) for event, at in found.items()]


async def figures_of(scene: Scene, office: OfficeId) -> list[Any]:
    """What the quiet link's events count in an office's report, free of ids that differ."""
    number = {event.hex(): at for at, (_, event) in enumerate(await honest_records(scene, QUIET))}
    report: PeriodReport = await scene.report(office)
    return [
        (
            figure.indicator,
            number[one.event],
            one.on,
            one.amounts,
            [number[each] for each in one.also_reported if each in number],
            [number[each] for each in one.corrections if each in number],
        )
        for figure in report.figures
        for one in figure.events
        if one.event in number
    ]


# Honest readers agree.


async def judge_agreement(scene: Scene) -> None:
    """All honest readers of a link say the same of what all can read."""
    for link, offices in READERS.items():
        rows = {office: await all_verdicts(scene.agents[office], link) for office in offices}
        first = rows[offices[0]]
        for office in offices[1:]:
            for at, (one, other) in enumerate(zip(first, rows[office], strict=True)):
                if one is not None and other is not None:
                    assert one == other, f"{link} at {at}: {offices[0]} {one}, {office} {other}"
        views = {str(office): views_of(scene, office, link) for office in offices}
        views[PROCESSOR] = processed_views(scene, link)
        waiting = {
            case
            for office in offices
            for case in scene.agents[office].desk(link).fold.parked.cases()
        } | set(scene.workers[link].state.fold.parked.cases())
        for reader, shown in views.items():
            for case in shown.keys() | views[offices[0]].keys():
                if case not in waiting:
                    same = shown.get(case) == views[offices[0]].get(case)
                    assert same, f"{link} {case.hex()}: {reader} shows another view"


async def all_verdicts(running: RunningAgent, link: LinkId) -> list[Row | None]:
    """The verdicts on all records; ``None`` where the case is parked."""

    def query(snapshot: Snapshot) -> list[Row | None]:
        return [
            None if row.outcome is None else (str(row.outcome), str(row.reason), row.crossed)
            for row in records.iterate(snapshot, link)
        ]

    return await running.ask(query)


def views_of(scene: Scene, office: OfficeId, link: LinkId) -> dict[CaseId, bytes]:
    """An agent's views of a link."""
    return {CaseId(view.case): encode(view) for view in scene.agents[office].views(link)}


def processed_views(scene: Scene, link: LinkId) -> dict[CaseId, bytes]:
    """The processor's."""
    shelf = scene.workers[link].state.cases
    return {CaseId(record.view.case): encode(record.view) for record in shelf}


# The auditor names whom a signature proves.


async def judge_audit(scene: Scene, *, cut: bool) -> None:
    """The audit ends, blames nobody honest, and names the attacker wherever it signed."""
    report = await scene.audit()
    if cut:
        return
    for finding in report.findings:
        innocent = finding.office not in HONEST or finding.code not in BLAMELESS
        assert innocent, f"an honest one is blamed: {finding}"
    if await equivocations(scene):
        named = {one.code for one in report.findings if one.office == X and one.link == HOSTILE}
        assert named & EQUIVOCATIONS, f"nobody is told of the two heads of {X}"
    for at, why in await proved_wrong(scene):
        assert is_told(report, at), f"nobody is told of record {at} of {X}: {why}"


async def proved_wrong(scene: Scene) -> list[tuple[int, str]]:
    """The records of the hostile link that were rejected and that its office has signed."""
    keys = {one.certificate.signing_key for one in scene.world.trusted().certificates(X)}
    rows = await all_verdicts(scene.agents[A], HOSTILE)
    closed = await closed_cases(scene)
    wrong = []
    for one in await LogBoard(scene.log).read(EXCHANGE, 0):
        row = rows[one.offset] if one.offset < len(rows) else None
        if row is None or row[0] != "rejected":
            continue
        try:
            envelope, header = decode_event(one.value or b"")
        except WireError:
            continue
        signed = event_input(HOSTILE, envelope.header)
        is_signed = any(verify_signature(key, signed, envelope.signature) for key in keys)
        if is_signed and row[1] not in UNPROVED and header.case not in closed:
            wrong.append((one.offset, row[1]))
    return wrong


async def closed_cases(scene: Scene) -> set[bytes]:
    """The cases of the hostile link of which the auditor has not all summary keys."""
    board = LogBoard(scene.log)
    directory = scene.world.trusted()
    granted = GrantedKeys(HOSTILE, ProgramIdentity(OBSERVER, (scene.world.keys[OBSERVER],)))
    for one in await board.read(topics.keys_topic(CORRIDOR), 0):
        granted.take(one, directory)
    closed = set()
    for one in await board.read(EXCHANGE, 0):
        with suppress(WireError):
            header = decode_event(one.value or b"")[1]
            if granted.summary_key(header.summary_key_id) is None:
                closed.add(header.case)
    return closed


async def equivocations(scene: Scene) -> set[int]:
    """The sizes of which the hostile office has signed two hashes on its own link."""
    said: dict[int, set[bytes]] = {}
    directory = scene.world.trusted()
    own = directory.certificates(X)[0]
    for one in await LogBoard(scene.log).read(topics.heads_topic(CORRIDOR), 0):
        try:
            signed = SIGNED_HEAD.decode(one.value or b"")
            head = HEAD.decode(signed.head)
        except WireError:
            continue
        if (head.link, head.office, head.kid) != (HOSTILE, X, own.tag) or not own.covers(head.at):
            continue
        if len(head.first_unopened) != min(head.unopened, MAX_NAMED_UNOPENED):
            continue
        key = own.certificate.signing_key
        if verify_signature(key, head_input(signed.head), signed.signature):
            said.setdefault(head.size, set()).add(head.log_hash)
    return {size for size, hashes in said.items() if len(hashes) > 1}


def is_told(report: ReplayStatement, position: int) -> bool:
    """Whether the audit names the attacker for a record, alone or in a row of equal findings."""
    return any(
        finding.office == X and finding.link == HOSTILE and _covers(finding, position)
        for finding in report.findings
    )


def _covers(finding: Finding, position: int) -> bool:
    at, last = finding.position, finding.last
    return at is not None and at <= position <= (at if last is None else last)


def breaches(report: ReplayStatement, link: LinkId) -> list[Finding]:
    """What an audit proves about a link."""
    return [one for one in report.findings if one.link == link and one.severity is Severity.BREACH]


__all__ = ["SHOWN", "Expected", "breaches", "expected_of", "judge"]
