"""``blo processors`` as commands, in a lab whose processors run: as-of, what-if, dead letters."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from blo_agent.api import response_types as api
from blo_agent.api.request_types import CommandRequest
from blo_cli.main import run
from blo_lab.demo.observe import await_outputs
from blo_lab.demo.outputs import LinkOutputs, read_back
from blo_lab.network import state
from blo_lab.network.admin import AdminClient
from blo_lab.network.client import LabAgentClient
from blo_lab.network.layout import Layout
from blo_lab.network.network_file import articles
from blo_lab.network.table import LabProgram, the_programs
from blo_log import topics
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import ProducerRecord, TopicPartition, read_to_end
from blo_runtime.keyfiles import load_identity
from blo_runtime.run_file import read_run_file
from blo_schemas.codec import encode
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.outputs import OUTPUT_VERSION, DeadLetter, dead_letter_key
from blo_schemas.texts import from_object
from blo_schemas.trust import Role
from tests.integration.programs import blo, processes_of
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.broker

LINK = LinkId("vn-kyson~la-xiengkhouang")
ASKED = "2025-03-03T08:00:00+07:00"
ACKNOWLEDGED = "2025-03-03T10:30:00+07:00"
SOON = "2025-03-03T12:00:00+07:00"
LATE = "2025-05-05T09:00:00+07:00"
PROCESSOR = OfficeId("vn-processor-la-vn")
EXCHANGE = topics.exchange_topic(articles().links[LINK].corridor)


class Asked(NamedTuple):
    """A lab in which something is overdue.

    Attributes:
        config: The processor's configuration.
        bootstrap: Where Kafka listens.
        forgotten: A case that nobody has acknowledged, in hex.
        acknowledged: One that was acknowledged in time, and never answered.
        outputs: What the running processor wrote of the link, as the observer reads it.
    """

    config: Path
    bootstrap: str
    forgotten: str
    acknowledged: str
    outputs: LinkOutputs


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    layout = Layout(folder / "lab")
    up = blo(folder, "lab", "up", str(layout.root), "--simulated-time")
    try:
        assert up.returncode == 0, up.stderr
        programs = {one.subject: one for one in the_programs(layout, articles())}
        assert all(
            str(one.config.relative_to(layout.root)) in up.stdout for one in programs.values()
        )
        (processor,) = (one for one in programs.values() if one.corridor == "la-vn")
        yield look(layout, processor, *play(layout))
    finally:
        down = blo(folder, "lab", "down", str(layout.root))
    assert down.returncode == 0, down.stderr
    assert processes_of(folder) == []


def play(layout: Layout) -> tuple[str, str]:
    """Two requests; one is acknowledged in time. Much later something else is written."""
    forgotten = submit(layout, "vn-kyson", ASKED, "open", **request("forgotten"))
    acknowledged = submit(layout, "vn-kyson", ASKED, "open", **request("acknowledged"))
    client(layout, "la-xiengkhouang").await_size(LINK, 2, 50)
    submit(layout, "la-xiengkhouang", ACKNOWLEDGED, "acknowledge", case=acknowledged)
    client(layout, "vn-kyson").await_size(LINK, 3, 50)
    patrol = {"code": "x", "marker_from": "1", "marker_to": "2"}
    dispatch = {"subject": "(hư cấu) tuần tra"}
    submit(layout, "vn-kyson", LATE, "open", kind="patrol", dispatch=dispatch, fields=patrol)
    return forgotten, acknowledged


def request(subject: str) -> dict[str, Any]:
    fields = {"subject": f"(hư cấu) {subject}", "questions": ["?"], "purpose": "(hư cấu)"}
    dispatch = {"subject": f"(hư cấu) {subject}"}
    return {"kind": "verification_request", "dispatch": dispatch, "fields": fields}


def client(layout: Layout, office: str) -> LabAgentClient:
    place = read_run_file(layout.run_file(office))
    assert place is not None
    return LabAgentClient(office, layout.api_socket(office), admin_port=place.admin_port)


def submit(layout: Layout, office: str, at: str, step: str, **more: Any) -> str:
    fields = {"link": LINK, "step": step, "on": at[:10], "at": at, **more}
    command = from_object(fields, CommandRequest)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = client(layout, office).submit(command)
        if isinstance(answer, api.AcceptedAnswer):
            return answer.case
        # Grants go by another topic than the records, and may come after them.
        assert answer.name == "key_missing", answer
        assert time.monotonic() < deadline, answer
        time.sleep(0.1)


def look(layout: Layout, processor: LabProgram, forgotten: str, acknowledged: str) -> Asked:
    """Waits for the outputs of what was played, and reads them back."""
    known = state.load(layout.state)
    assert known is not None
    admin = AdminClient(processor.title, json.loads(processor.run_file.read_text())["admin_port"])
    assert await_outputs(articles(), {processor: admin}, {LINK: 4})
    observer = load_identity(layout.identity(articles().auditor), articles().auditor, Role.OBSERVER)
    (read,) = read_back(known.bootstrap, articles(), [processor], observer)
    outputs = read.links[LINK]
    return Asked(processor.config, known.bootstrap, forgotten, acknowledged, outputs)


def told(
    capsys: pytest.CaptureFixture[str], asked: Asked, *arguments: str, code: int = 0
) -> list[str]:
    """What a command says; on standard error if it fails."""
    command = list(arguments)
    command[_words(command) : _words(command)] = ["--config", str(asked.config)]
    ended = run(["processors", *command])
    said = capsys.readouterr()
    assert ended == code, said.err
    return (said.err if code else said.out).splitlines()


def _words(command: Sequence[str]) -> int:
    return 2 if command[0] == "dead" else 1


# As of.


def test_as_of_the_end_prints_what_the_running_processor_wrote(
    asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(capsys, asked, "as-of", LATE)
    assert f"{LINK}: 4 records, 3 cases" in said
    assert len(asked.outputs.cases.records) == 3
    for record in asked.outputs.cases.records.values():
        view = record.view
        begin = f"  {view.case.hex()[:16]} {view.kind.word} version {view.version}: "
        (line,) = [line for line in said if line.startswith(begin)]
        assert line.removeprefix(begin).split(";")[0] == f"{view.urgency.word} {view.state}"
    standing = asked.outputs.alerts.standing()
    assert standing
    alerts = [line.split()[1:4] for line in said if line.startswith("  alert ")]
    expected = [
        [str(one.rung), str(one.clock), one.case.hex()[:16]] for one in standing if one.case
    ]
    assert sorted(alerts) == sorted(expected)


def test_as_of_the_end_names_the_clocks_that_are_missed(
    asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(capsys, asked, "as-of", LATE)
    (forgotten,) = [line for line in said if line.startswith(f"  {asked.forgotten[:16]}")]
    # Two working days after Monday 3 March; fifteen for the answer, without Monday the 10th, which
    # is free in Laos because Women's Day falls on the Saturday before.
    assert "routine sent; acknowledge missed since 2025-03-05 17:00:00 UTC" in forgotten
    assert "answer missed since 2025-03-25 17:00:00 UTC" in forgotten
    (other,) = [line for line in said if line.startswith(f"  {asked.acknowledged[:16]}")]
    assert "acknowledge missed" not in other
    assert "answer missed" in other


def test_as_of_an_earlier_instant_knows_nothing_of_what_came_later(
    asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(capsys, asked, "as-of", SOON)
    assert f"{LINK}: 3 records, 2 cases" in said
    assert not [line for line in said if "missed" in line or "alert" in line]


def test_as_of_needs_an_instant_with_its_zone(
    asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(capsys, asked, "as-of", "2025-03-03T12:00:00", code=2)
    assert "expected a time with its offset" in " ".join(said)


# What if.

ROWS = {
    "routine": ("30 calendar_days", "200 calendar_days"),
    "urgent": ("2 hours", "3 hours"),
    "very_urgent": ("2 hours", "3 hours"),
    "immediate": ("2 hours", "3 hours"),
}
LADDER = '[{rung = "warning"}, {rung = "urge_counterpart", after = "1 hours"}]'


def policy(
    folder: Path,
    rows: dict[str, tuple[str, str]],
    *,
    link: str = LINK,
    offices: Sequence[str] = ("la-xiengkhouang", "vn-kyson"),
    ladder: str | None = LADDER,
) -> str:
    """An agreement's file with a policy of its own."""
    text = f"""\
link = "{link}"
partition = 0
version = 2
offices = {json.dumps(list(offices))}
effective_from = 2025-01-01T00:00:00+07:00

[policy]
name = "patient"
{"" if ladder is None else f"ladder = {ladder}"}
"""
    for urgency, (acknowledge, answer) in rows.items():
        text += f"""
[[policy.deadlines]]
urgency = "{urgency}"
acknowledge = "{acknowledge}"
answer = "{answer}"
"""
    path = folder / "policy.toml"
    path.write_text(text)
    return str(path)


PERIOD = ("--from", "2025-01-01T00:00:00+07:00", "--to", LATE)


def test_what_if_prints_both_policies_by_side_and_the_cases_that_would_change(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(capsys, asked, "what-if", "--policy", policy(tmp_path, ROWS), *PERIOD)
    acknowledge, answer, *changes = said
    in_time = "1 met, 1 missed, median 2.5 h"
    side = f"{LINK} la-xiengkhouang"
    assert acknowledge == (
        f"{side} acknowledge: {in_time} as agreed; {in_time} under the other policy"
    )
    assert answer == (
        f"{side} answer: 0 met, 2 missed as agreed; nothing due under the other policy"
    )
    assert sorted(changes) == sorted(
        f"{LINK} {case[:16]} answer: missed as agreed, running under the other policy"
        for case in (asked.forgotten, asked.acknowledged)
    )


def test_what_if_nothing_else_had_been_agreed_nothing_would_change(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {
        "routine": ("2 working_days", "15 working_days"),
        "urgent": ("1 calendar_days", "5 calendar_days"),
        "very_urgent": ("4 hours", "3 calendar_days"),
        "immediate": ("1 hours", "24 hours"),
    }
    said = told(capsys, asked, "what-if", "--policy", policy(tmp_path, rows), *PERIOD)
    assert len(said) == 2
    for line in said:
        agreed, other = line.partition(": ")[2].split("; ")
        assert agreed.removesuffix(" as agreed") == other.removesuffix(" under the other policy")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"routine": ROWS["routine"]}, "policy.deadlines.urgent: the row for every kind"),
        ({**ROWS, "urgent": ("3 hours", "2 hours")}, "policy.deadlines.urgent: acknowledging"),
        ({**ROWS, "urgent": ("soon", "2 hours")}, "policy.deadlines[1].acknowledge"),
    ],
)
def test_a_policy_with_a_missing_or_contradictory_row_is_refused_with_the_field_s_name(
    asked: Asked,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    rows: dict[str, tuple[str, str]],
    words: str,
) -> None:
    file = policy(tmp_path, rows)
    (line,) = told(capsys, asked, "what-if", "--policy", file, *PERIOD, code=2)
    assert f"{file}: {words}" in line


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ladder": None}, "policy.ladder: missing"),
        ({"ladder": '[{rung = "urge_counterpart"}]'}, "policy.ladder"),
        ({"link": "vn-tralinh~cn-jingxi"}, "is about vn-tralinh~cn-jingxi, which is not here"),
        ({"offices": ("la-xamtai", "vn-kyson")}, "offices: it is for other offices"),
    ],
)
def test_a_file_that_is_no_policy_for_the_link_is_refused_with_what_is_wrong(
    asked: Asked,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    words: str,
) -> None:
    file = policy(tmp_path, ROWS, **changes)
    (line,) = told(capsys, asked, "what-if", "--policy", file, *PERIOD, code=2)
    assert f"{file}: {words}" in line


def test_a_period_that_ends_before_it_begins_is_refused(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    period = ("--from", LATE, "--to", ASKED)
    said = told(capsys, asked, "what-if", "--policy", policy(tmp_path, ROWS), *period, code=2)
    assert "--to" in " ".join(said)


# Dead letters.


def put_letter(asked: Asked, offset: int) -> bytes:
    """A letter about a record that is on the log, as a processor that failed on it writes one.

    Returns:
        The record.
    """
    exchange = TopicPartition(EXCHANGE, 0)
    record = asked.outputs.plain.folded[offset]
    key = dead_letter_key(EXCHANGE, 0, offset)
    topic = topics.dead_topic(articles().links[LINK].corridor)

    async def write() -> bytes:
        log = KafkaLog(KafkaConnection(bootstrap=asked.bootstrap, client_id="test"))
        try:
            reader = await log.reader({exchange: offset})
            batch = await anext(aiter(read_to_end(reader, max_records=1)))
            value = batch[exchange][0].value or b""
            letter = DeadLetter(
                OUTPUT_VERSION,
                LINK,
                PROCESSOR,
                EXCHANGE,
                0,
                offset,
                record.log_time,
                value,
                "MemoryError: (fictional)",
                3,
            )
            appender = await log.appender()
            await appender.append([ProducerRecord(topic, 0, key, encode(letter))])
            return value
        finally:
            await log.close()

    return asyncio.run(write())


def test_dead_letters_are_listed_shown_and_retried(
    asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, asked, "dead", "list") == []
    sealed = put_letter(asked, 1)
    place = f"{EXCHANGE}/0/1"
    listed = f"{place} {LINK} 3 attempts: MemoryError: (fictional)"
    assert told(capsys, asked, "dead", "list") == [listed]
    first, value = told(capsys, asked, "dead", "show", place)
    assert first.startswith(f"link {LINK}, log time ")
    assert value == sealed.hex()
    (line,) = told(capsys, asked, "dead", "show", f"{EXCHANGE}/0/2", code=2)
    assert "is no dead letter" in line
    assert told(capsys, asked, "dead", "retry") == [f"{place}: processed"]


# Keys.


def test_init_refuses_to_replace_the_keys_of_a_processor_that_is_set_up(
    asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = told(capsys, asked, "init", code=2)
    assert "nothing was changed" in line
    other = tmp_path / "processors.toml"
    other.write_text(asked.config.read_text())
    request = tmp_path / "request.json"
    assert run(["processors", "init", "--config", str(other), "--request", str(request)]) == 0
    assert json.loads(request.read_text())["subject"] == PROCESSOR
    assert (tmp_path / "processor.key").stat().st_mode & 0o777 == 0o600
    # Nobody has certified these keys, so nothing was granted to them.
    assert run(["processors", "as-of", "--config", str(other), LATE]) == 0
    assert "wait for a summary key" in capsys.readouterr().out
