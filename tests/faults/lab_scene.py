"""A lab of three brokers under load, and what its programs tell while something is wrong."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, Self

import msgspec
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.client import AIOKafkaClient

from blo_agent.api.request_types import CommandRequest
from blo_agent.api.response_types import AcceptedAnswer
from blo_cli.errors import AgentAnswerError
from blo_cli.interrupts import Interrupts
from blo_lab.broker import EmbeddedCluster
from blo_lab.network.client import LabAgentClient
from blo_lab.network.lab import Lab
from blo_lab.network.layout import Layout
from blo_lab.network.network_file import named_network
from blo_lab.network.table import LabProgram
from blo_log.topics import exchange_topic
from blo_runtime.run_file import RunFile
from blo_schemas.content import Dispatch
from blo_schemas.ids import LinkId
from tests.agents.world import REQUEST
from tests.patience import PATIENCE_S

NETWORK: Final = "quang-binh"
LINK: Final = LinkId("vn-quangbinh~la-khammouane")
_POLL_S: Final = 0.1
_LOAD_PAUSE_S: Final = 0.2
_ASK_S: Final = 5.0


class Told(msgspec.Struct):
    """What one program told of one fault.

    Attributes:
        after_s: Seconds from the fault to the first ``/readyz`` that is not ready; ``None``: it
            went on being ready.
        words: What that said.
        back_s: Seconds from the mending until it was ready again.
        lines: The lines that it wrote into its log from the fault on until all was well.
    """

    after_s: float | None = None
    words: str = ""
    back_s: float = 0.0
    lines: int = 0


class FaultOutcome(msgspec.Struct, kw_only=True):
    """What came of one fault.

    Attributes:
        name: What was done.
        held_s: For how many seconds it lasted.
        told: What each program told, by its subject.
        accepted: Commands that offices accepted while it lasted.
        refused: Commands that they refused, or to which no answer came, while it lasted.
        stall_s: The longest time without a new record of the link while it lasted.
        whole_s: Seconds from the mending until everything accepted was opened at the other side.
        lost: Accepted commands that one side does not know then.
        ended: Programs that have ended.
        not_json: Lines of logs that are not JSON.
    """

    name: str
    held_s: float = 0.0
    told: dict[str, Told]
    accepted: int = 0
    refused: int = 0
    stall_s: float = 0.0
    whole_s: float = 0.0
    lost: int = 0
    ended: list[str] = []
    not_json: int = 0


class LabScene:
    """A lab, its brokers, and two offices that ask each other to verify persons.

    Args:
        folder: Where it lies.
        brokers: How many brokers it has.
    """

    def __init__(self, folder: Path, *, brokers: int = 3) -> None:
        self.lab = Lab(
            Layout(folder),
            named_network(NETWORK),
            {name: value for name, value in os.environ.items() if name != "BLO_BOOTSTRAP"},
            Interrupts(),
            simulated_time=False,
            detached=False,
            again=False,
            tell=lambda _: None,
            brokers=brokers,
        )
        self.accepted: set[str] = set()
        self._refused = 0
        self._loading = False
        self._places: dict[str, RunFile] = {}
        self._turn = threading.Lock()
        self._pausing = threading.Event()

    def __enter__(self) -> Self:
        self.lab.start()
        self._loading = True
        self._thread = threading.Thread(target=self._load, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loading = False
        self._thread.join(PATIENCE_S)
        self.lab.stop()

    @property
    def cluster(self) -> EmbeddedCluster:
        assert isinstance(self.lab.broker, EmbeddedCluster)
        return self.lab.broker

    def clients(self) -> list[LabAgentClient]:
        """The two offices of the link."""
        both = self.lab.world.links[LINK].offices
        return [client for office, client in self.lab.clients().items() if office in both]

    def leader(self) -> int:
        """The number of the broker that leads the link's partition."""
        return asyncio.run(self._ask_leader())

    async def _ask_leader(self) -> int:
        client = AIOKafkaClient(bootstrap_servers=self.cluster.bootstrap)
        agreed = self.lab.world.links[LINK]
        topic = exchange_topic(agreed.corridor)
        await client.bootstrap()
        try:
            await client.set_topics([topic])
            leader = client.cluster.leader_for_partition(KafkaPartition(topic, agreed.partition))
        finally:
            await client.close()
        assert leader
        return int(leader)

    def program(self, subject: str) -> LabProgram:
        return next(one for one in self.lab.programs if one.subject == subject)

    def pid(self, subject: str) -> int:
        return self.place(self.program(subject)).pid

    def play(
        self,
        name: str,
        begin: Callable[[LabScene], None],
        end: Callable[[LabScene], None],
        until: Callable[[FaultOutcome], bool],
        *,
        hold_s: float = 0.0,
    ) -> FaultOutcome:
        """Do something bad, wait, mend it, and wait until all is well.

        Args:
            name: What is done.
            begin: Does it.
            end: Mends it.
            until: When it may be mended, as far as told.
            hold_s: It lasts so long at least.

        Returns:
            What came of it.
        """
        outcome = FaultOutcome(name=name, told={one.subject: Told() for one in self.lab.programs})
        lines = {one.subject: self._lines(one) for one in self.lab.programs}
        with self._turn:
            accepted, refused = len(self.accepted), self._refused
        begin(self)
        began = time.monotonic()
        with self._watched_growth(outcome):
            self._watch(outcome, began, lambda: until(outcome), hold_s)
        with self._turn:
            outcome.accepted = len(self.accepted) - accepted
            outcome.refused = self._refused - refused
        outcome.held_s = time.monotonic() - began
        end(self)
        mended = time.monotonic()
        self._await_ready(outcome, mended)
        self._await_whole(outcome, mended)
        for one in self.lab.programs:
            new = self._lines(one)[len(lines[one.subject]) :]
            outcome.told[one.subject].lines = len(new)
            outcome.not_json += sum(not _is_json(line) for line in new)
        return outcome

    def _watch(
        self, outcome: FaultOutcome, began: float, done: Callable[[], bool], hold_s: float
    ) -> None:
        while not done() or time.monotonic() - began < hold_s:
            for program in self.lab.programs:
                told = outcome.told[program.subject]
                if told.after_s is None and (words := self._trouble(program)):
                    told.after_s = time.monotonic() - began
                    told.words = words
            assert time.monotonic() - began < PATIENCE_S + hold_s, outcome
            time.sleep(_POLL_S)

    def _await_ready(self, outcome: FaultOutcome, mended: float) -> None:
        waiting = list(self.lab.programs)
        while waiting:
            for program in tuple(waiting):
                if self._has_ended(program):
                    outcome.ended.append(program.subject)
                    waiting.remove(program)
                elif not self._trouble(program):
                    outcome.told[program.subject].back_s = time.monotonic() - mended
                    waiting.remove(program)
            words = [self._trouble(program) for program in waiting]
            assert time.monotonic() - mended < PATIENCE_S, (outcome, words)
            time.sleep(_POLL_S)

    def _await_whole(self, outcome: FaultOutcome, mended: float) -> None:
        """Until both sides have opened all that was accepted by now."""
        self._pausing.set()
        with self._turn:
            accepted = set(self.accepted)
        while True:
            known: list[set[str]] = []
            with suppress(AgentAnswerError):
                known = [self._opened(client) for client in self.clients()]
            if len(known) == 2:
                outcome.lost = len(accepted - (known[0] & known[1]))
                if not outcome.lost:
                    outcome.whole_s = time.monotonic() - mended
                    self._pausing.clear()
                    return
            assert time.monotonic() - mended < PATIENCE_S, outcome
            time.sleep(_POLL_S)

    @staticmethod
    def _opened(client: LabAgentClient) -> set[str]:
        """The cases whose contents an office has, and of which nothing waits to be sent."""
        link = next(one for one in client.links() if one.link == LINK)
        if link.pending or link.parked or link.unopened:
            return set()
        return {case.case for case in client.cases(LINK)}

    @contextmanager
    def _watched_growth(self, outcome: FaultOutcome) -> Iterator[None]:
        """Note the longest time in which the link did not grow, as its first office reads it."""
        ending = threading.Event()
        client = self.clients()[0]

        def watch() -> None:
            size, since = -1, time.monotonic()
            while not ending.wait(_POLL_S):
                with suppress(AgentAnswerError):
                    now = next(one.size for one in client.links() if one.link == LINK)
                    if now > size:
                        size, since = now, time.monotonic()
                outcome.stall_s = max(outcome.stall_s, time.monotonic() - since)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join(PATIENCE_S)

    def _load(self) -> None:
        """Open a case at one office, then at the other, for as long as the scene lasts."""
        number = 0
        while self._loading:
            time.sleep(_LOAD_PAUSE_S)
            if self._pausing.is_set():
                continue
            number += 1
            client = self.clients()[number % 2]
            request = CommandRequest(
                link=LINK,
                step="open",
                on=date(2025, 2, 20),
                kind="verification_request",
                dispatch=Dispatch(subject=f"(fictional) person {number}"),
                fields=dict(REQUEST),
            )
            try:
                answer = client.submit(request)
            except AgentAnswerError:
                answer = None
            with self._turn:
                if isinstance(answer, AcceptedAnswer):
                    self.accepted.add(answer.case)
                else:
                    self._refused += 1

    def _trouble(self, program: LabProgram) -> str:
        """What ``/readyz`` of a program complains about; empty when it is ready."""
        connection = HTTPConnection("127.0.0.1", self.place(program).admin_port, timeout=_ASK_S)
        try:
            connection.request("GET", "/readyz", headers={"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            return f"no answer ({type(error).__name__})"
        finally:
            connection.close()
        if answer.status == 200:
            return ""
        return "; ".join(
            f"{one['name']}: {one['detail']}" for one in json.loads(body) if not one["ok"]
        )

    def place(self, program: LabProgram) -> RunFile:
        """Where a program was when it was first looked for."""
        return self._places.setdefault(program.subject, self.lab.place(program))

    def _has_ended(self, program: LabProgram) -> bool:
        return not Path(f"/proc/{self.place(program).pid}").exists()

    @staticmethod
    def _lines(program: LabProgram) -> list[str]:
        return program.log.read_text(encoding="utf-8", errors="replace").splitlines()


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
