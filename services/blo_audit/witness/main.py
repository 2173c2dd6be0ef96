"""The witness as a program: the composition root of ``blo audit witness run``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from blo_audit.errors import AuditError
from blo_audit.witness.config import WitnessSettings
from blo_audit.witness.options import WitnessOptions
from blo_audit.witness.state import WitnessState
from blo_audit.witness.worker import Witness
from blo_log.directory import DirectoryFeed
from blo_log.errors import LogError
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.watched import WatchedLog
from blo_runtime.admin import start_admin
from blo_runtime.clock import SystemClock
from blo_runtime.kafka_line import KafkaLine
from blo_runtime.keyfiles import load_identity
from blo_runtime.logs import configure, get_logger
from blo_runtime.metric_programs import FeedingProgram
from blo_runtime.metrics import Metrics
from blo_runtime.run_file import run_file
from blo_runtime.supervision import StopSignal, Supervisor
from blo_runtime.supervision import run as run_program
from blo_runtime.tls import kafka_options
from blo_schemas.ids import CorridorId, OfficeId
from blo_schemas.trust import Role

RUN_FILE: Final = "run-witness.json"
"""Beside the state, while the witness runs: its process id and its admin listener's port."""

_SHUTDOWN_S: Final = 4.0


def run(settings: WitnessSettings) -> int:
    """Run a witness until it is asked to stop.

    Returns:
        The exit code; not 0 when something failed, so that a supervisor starts it again.

    Raises:
        ConfigurationError: The key file can't be used.
        WitnessStateError: The state file can't be used.
    """
    witness = OfficeId(settings.witness)
    # Before anything else: what is wrong with them is told in words, not in a stack trace.
    identity = load_identity(settings.keys, witness, Role.WITNESS)
    state = WitnessState(settings.state, witness)
    metrics = Metrics(FeedingProgram.WITNESS)
    configure(settings.logging, f"witness {witness}", on_dropped=metrics.log_fields_dropped.inc)

    async def main(stop: StopSignal) -> None:
        kafka = KafkaLine(tell=metrics.line_up.set)
        connection = KafkaConnection(**kafka_options(settings.kafka, witness))
        log = WatchedLog(KafkaLog(connection), kafka.question)
        try:
            worker = Witness(
                [CorridorId(corridor) for corridor in settings.corridors],
                identity,
                log=log,
                feed=DirectoryFeed(log, settings.trust.roots),
                state=state,
                clock=SystemClock(),
                metrics=metrics,
                kafka=kafka,
                options=WitnessOptions(
                    **msgspec.structs.asdict(settings.signing),
                    simulated_time=settings.simulated_time,
                ),
            )
            async with Supervisor(stop) as tasks:
                tasks.start("witness", worker.run)
                async with _admin(settings, metrics, worker):
                    await tasks.until_stopped()
        finally:
            await log.close()

    return run_program(main, shutdown_s=_SHUTDOWN_S, expected=(LogError, AuditError))


@asynccontextmanager
async def _admin(
    settings: WitnessSettings, metrics: Metrics, worker: Witness
) -> AsyncIterator[None]:
    admin = await start_admin(settings.admin, metrics.registry, {"links": worker.check})
    try:
        with run_file(settings.state.parent / RUN_FILE, admin_port=admin.port):
            get_logger().info("witness is up", office=settings.witness, port=admin.port)
            yield
    finally:
        await admin.stop()
