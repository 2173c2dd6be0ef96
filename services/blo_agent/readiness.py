"""The checks of ``/readyz``: what keeps the office from working, in words."""

from __future__ import annotations

from blo_agent.inbound.log_reader import InboundReader
from blo_agent.office.state import Office
from blo_agent.outbound.clock_check import NodeClockCheck
from blo_agent.outbound.line_switch import LineSwitch
from blo_agent.oversight.outputs_reader import OutputsReader
from blo_agent.program_parts import ProgramParts
from blo_agent.store.facade import Store
from blo_runtime.admin import Check, Health
from blo_runtime.clock import Clock
from blo_runtime.kafka_line import KafkaLine


class Readiness:
    """The checks of one agent.

    Args:
        office: What the office knows.
        store: Its store.
        clock: Its clock.
        line: Whether the line may be used.
        kafka: Whether Kafka answers.
        clock_check: How far the clock is from Kafka's.
        receiver: Reads the log.
        outputs: Reads what processors write.
        parts: Keeps the parts running.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        clock: Clock,
        line: LineSwitch,
        kafka: KafkaLine,
        clock_check: NodeClockCheck,
        receiver: InboundReader,
        outputs: OutputsReader,
        parts: ProgramParts,
    ) -> None:
        self._office = office
        self._store = store
        self._clock = clock
        self._line = line
        self._kafka = kafka
        self._clock_check = clock_check
        self._receiver = receiver
        self._outputs = outputs
        self._parts = parts

    def checks(self) -> dict[str, Check]:
        """The checks by their names."""
        return {
            "identity": self._check_identity,
            "parts": self._check_parts,
            "directory": self._check_directory,
            "line": self._check_line,
            "clock": self._clock_check.check,
            "store": self._check_store,
            "links": self._check_links,
            "processors": self._check_processors,
        }

    def _check_identity(self) -> Health:
        if self._office.certificate(self._clock.now_ms()) is None:
            return Health(ok=False, detail="no valid certificate names a key of this store")
        return Health(ok=True)

    def _check_line(self) -> Health:
        if not self._line.is_up:
            return Health(ok=False, detail="the line was taken down")
        health = self._kafka.check()
        if not health.ok:
            return health
        if not self._receiver.is_connected:
            return Health(ok=False, detail="the log is not read yet; see the log file")
        unserved = [
            f"{link}: {state.status.unserved}"
            for link, state in self._office.links.items()
            if state.status.unserved
        ]
        if unserved:
            return Health(ok=False, detail="; ".join(unserved))
        return Health(ok=True)

    def _check_parts(self) -> Health:
        faulty = self._parts.faulty()
        words = "; ".join(f"{name}: incident {incident}" for name, incident in faulty.items())
        return Health(ok=not faulty, detail=words)

    def _check_directory(self) -> Health:
        """Always ok, because the documents on disk still count; the detail names the trouble."""
        return Health(ok=True, detail=self._receiver.directory_trouble)

    def _check_store(self) -> Health:
        failure = self._store.failure
        return Health(ok=failure is None, detail="" if failure is None else str(failure))

    def _check_links(self) -> Health:
        halted = sorted(state.link for state in self._office.links.values() if state.status.halted)
        if halted:
            return Health(ok=False, detail=f"halted: {', '.join(halted)}; `blo agent resume`")
        rereading = sorted(
            state.link for state in self._office.links.values() if state.is_rereading
        )
        if rereading:
            return Health(ok=False, detail=f"being read again: {', '.join(rereading)}")
        doubtful = sorted(
            state.link
            for state in self._office.links.values()
            if state.status.is_party and not state.status.own_chain_checked
        )
        if doubtful:
            return Health(ok=False, detail=f"own chain not checked yet: {', '.join(doubtful)}")
        return Health(ok=True)

    def _check_processors(self) -> Health:
        """Always ok, because differences stop no work; the detail names them."""
        words = [
            f"{processor} differs on {link} ({what}, {count} times)"
            for (link, processor, what), count in sorted(self._outputs.standing.items())
        ]
        return Health(ok=True, detail="; ".join([*words, *self._outputs.troubles]))
