"""The agent as a program: the composition root of ``blo agent run``."""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from blo_agent.agent import Agent, AgentOptions
from blo_agent.api.app import office_api
from blo_agent.config import AgentSettings
from blo_agent.store.errors import StoreError
from blo_agent.store.facade import Store
from blo_agent.store.keyfile import load_store_key
from blo_log.errors import LogError
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_projection.errors import ProjectionError
from blo_runtime.admin import start_admin
from blo_runtime.clock import Clock, ManualClock, SystemClock
from blo_runtime.errors import ConfigurationError, TaskFailed
from blo_runtime.http import serve
from blo_runtime.logs import configure, get_logger
from blo_runtime.metrics import Metrics
from blo_runtime.run_file import pid_file
from blo_runtime.supervision import StopSignal, Supervisor
from blo_runtime.supervision import run as run_program
from blo_runtime.tls import kafka_options
from blo_schemas.ids import OfficeId

RUN_FILE = "run.json"
"""Beside the store, while the agent runs: its process id and the ports that it has chosen."""

_GRACE_S: Final = 1


def run(settings: AgentSettings) -> int:
    """Run an office's agent until it is asked to stop.

    Returns:
        The exit code.
    """
    metrics = Metrics()
    configure(
        settings.logging, f"agent {settings.office}", on_dropped=metrics.log_fields_dropped.inc
    )

    async def main(stop: StopSignal) -> None:
        try:
            await _serve(settings, metrics, stop)
        except (StoreError, LogError, ProjectionError, TaskFailed) as error:
            # Before the stack trace in the log: what an operator reads, and what to do.
            sys.stderr.write(f"agent {settings.office}: {_root(error)}\n")
            raise

    return run_program(main)


async def _serve(settings: AgentSettings, metrics: Metrics, stop: StopSignal) -> None:
    clock: Clock = ManualClock() if settings.simulated_time else SystemClock()
    async with AsyncExitStack() as stack:
        log = KafkaLog(KafkaConnection(**kafka_options(settings.kafka, settings.office)))
        stack.push_async_callback(log.close)
        store = Store(settings.store.path, load_store_key(settings.store.key))
        stack.push_async_callback(store.aclose)
        # Now that nobody else runs here: what a killed run left names ports that are others' now.
        (settings.store.path.parent / RUN_FILE).unlink(missing_ok=True)
        agent = Agent(
            OfficeId(settings.office),
            settings.trust.roots,
            store=store,
            log=log,
            clock=clock,
            metrics=metrics,
            options=AgentOptions(
                simulated_time=settings.simulated_time,
                head_interval_s=settings.head_interval_s,
                head_every_s=settings.head_every_s,
                difference_after_s=settings.difference_after_s,
            ),
        )
        await agent.load()
        async with Supervisor(stop) as tasks:
            tasks.start("agent", lambda: agent.run(stop))
            tasks.start("doors", lambda: _open_doors(agent, settings, metrics, stop))
            await tasks.until_stopped()


async def _open_doors(
    agent: Agent, settings: AgentSettings, metrics: Metrics, stop: StopSignal
) -> None:
    token = _token(settings.api.token)
    async with AsyncExitStack() as stack:
        admin = await start_admin(settings.admin, metrics.registry, agent.checks())
        stack.push_async_callback(admin.stop)
        app = office_api(agent, token)
        api = await serve(app, settings.api.host, settings.api.port, grace_s=_GRACE_S)
        stack.push_async_callback(api.stop)
        path = settings.store.path.parent / RUN_FILE
        stack.enter_context(pid_file(path, api_port=api.port, admin_port=admin.port))
        get_logger().info("agent is up", office=agent.office.id, port=api.port)
        await stop.wait()


def _root(error: BaseException) -> BaseException:
    """What a task's failure is about."""
    while isinstance(error, TaskFailed) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _token(path: Path) -> str:
    """The bearer token; made on the first run, readable by its owner alone."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(
            path,
            "",
            "can be read by others",
            expected="mode 0600",
            todo=f"Run: chmod 600 {path}",
        )
    token = path.read_text().strip()
    if not token:
        raise ConfigurationError(
            path, "", "is empty", expected="a token", todo="Remove it, and a new one is made."
        )
    return token
