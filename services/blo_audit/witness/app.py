"""The witness as a program: the composition root of ``blo audit witness run``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from blo_audit.witness.config import WitnessSettings
from blo_audit.witness.options import WitnessOptions
from blo_audit.witness.state import WitnessState
from blo_audit.witness.worker import Witness
from blo_log.directory import DirectoryFeed
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_runtime.admin import start_admin
from blo_runtime.clock import SystemClock
from blo_runtime.keyfiles import load_identity
from blo_runtime.logs import configure, get_logger
from blo_runtime.metrics import Metrics
from blo_runtime.supervision import StopSignal, Supervisor
from blo_runtime.supervision import run as run_program
from blo_runtime.tls import ssl_context
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
    metrics = Metrics()
    configure(settings.logging, f"witness {witness}", on_dropped=metrics.log_fields_dropped.inc)

    async def main(stop: StopSignal) -> None:
        log = _connect(settings)
        try:
            worker = Witness(
                [CorridorId(corridor) for corridor in settings.corridors],
                identity,
                log=log,
                feed=DirectoryFeed(log, settings.pins),
                state=state,
                clock=SystemClock(),
                metrics=metrics,
                options=_options(settings),
            )
            async with Supervisor(stop) as tasks:
                tasks.start("witness", worker.run)
                async with _admin(settings, metrics, worker):
                    await tasks.until_stopped()
        finally:
            await log.close()

    return run_program(main, shutdown_s=_SHUTDOWN_S)


def _options(settings: WitnessSettings) -> WitnessOptions:
    signing = settings.signing
    return WitnessOptions(
        delay_s=signing.delay_s,
        patience_s=signing.patience_s,
        again_s=signing.again_s,
        simulated_time=settings.simulated_time,
    )


def _connect(settings: WitnessSettings) -> KafkaLog:
    kafka = settings.kafka
    return KafkaLog(
        KafkaConnection(
            bootstrap=",".join(kafka.servers),
            ssl_context=None if kafka.tls is None else ssl_context(kafka.tls),
            client_id=settings.witness,
            request_timeout_s=kafka.request_timeout_s,
        )
    )


@asynccontextmanager
async def _admin(
    settings: WitnessSettings, metrics: Metrics, worker: Witness
) -> AsyncIterator[None]:
    admin = await start_admin(settings.admin, metrics.registry, {"links": worker.check})
    run_file = settings.state.parent / RUN_FILE
    try:
        _write(run_file, {"pid": os.getpid(), "admin_port": admin.port})
        get_logger().info("witness is up", office=settings.witness, port=admin.port)
        yield
    finally:
        run_file.unlink(missing_ok=True)
        await admin.stop()


def _write(path: Path, values: dict[str, int]) -> None:
    """Write a file so that nobody ever reads half of it."""
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(values) + b"\n")
    draft.replace(path)


__all__ = ["RUN_FILE", "run"]
