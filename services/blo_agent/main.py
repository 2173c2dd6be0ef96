"""The agent as a program: the composition root of ``blo agent run``."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from litestar.types import ASGIApp

from blo_agent.agent import Agent, AgentOptions
from blo_agent.api.app import Entrance, api_behind, entrance
from blo_agent.config import API_SOCKET, AgentSettings
from blo_agent.custody.backups import BackupPlan
from blo_agent.custody.key_sources import KeySources
from blo_agent.store.errors import StoreError
from blo_agent.store.facade import open_store
from blo_log.errors import LogError
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_projection.errors import ProjectionError
from blo_runtime.admin import start_admin
from blo_runtime.clock import Clock, ManualClock, SystemClock
from blo_runtime.errors import TaskFailed
from blo_runtime.http import serve
from blo_runtime.logs import configure, get_logger
from blo_runtime.metric_programs import FeedingProgram
from blo_runtime.metrics import Metrics
from blo_runtime.run_file import run_file
from blo_runtime.supervision import StopSignal, Supervisor, root_of
from blo_runtime.supervision import run as run_program
from blo_runtime.tls import ListenerCertificate, kafka_options
from blo_schemas.ids import OfficeId
from blo_sealing.passkeys import RelyingParty

Compose = Callable[[Entrance], ASGIApp]
"""Makes what a node serves from its entrance."""

RUN_FILE = "run.json"
"""Beside the store, while the agent runs: its process id and the ports that it has chosen."""

_GRACE_S: Final = 1


def run(settings: AgentSettings, compose: Compose = api_behind) -> int:
    """Run an office's agent until it is asked to stop.

    Args:
        settings: Its configuration.
        compose: What the node serves behind its entrance: the API, or the API and the pages.

    Returns:
        The exit code.
    """
    metrics = Metrics(FeedingProgram.AGENT)
    keys = _load_keys(settings)
    configure(
        settings.logging, f"agent {settings.office}", on_dropped=metrics.log_fields_dropped.inc
    )

    async def main(stop: StopSignal) -> None:
        try:
            await _serve(settings, keys, compose, metrics, stop)
        except (StoreError, LogError, ProjectionError, TaskFailed) as error:
            # Before the stack trace in the log: what an operator reads, and what to do.
            sys.stderr.write(f"agent {settings.office}: {root_of(error)}\n")
            raise

    return run_program(main, expected=(StoreError, LogError, ProjectionError))


class _Keys(NamedTuple):
    """The keys of the store and of its backups."""

    store: bytes
    backup: bytes | None


def _load_keys(settings: AgentSettings) -> _Keys:
    """Load the keys before the event loop runs, because that may ask a person."""
    sources = KeySources(settings)
    return _Keys(sources.store_key(), None if settings.backup is None else sources.backup_key())


def _plan(settings: AgentSettings, key: bytes | None) -> BackupPlan | None:
    backup = settings.backup
    if backup is None or key is None:
        return None
    return BackupPlan(backup.folder, key, backup.every_s, backup.keep)


async def _serve(
    settings: AgentSettings,
    keys: _Keys,
    compose: Compose,
    metrics: Metrics,
    stop: StopSignal,
) -> None:
    clock: Clock = ManualClock() if settings.simulated_time else SystemClock()
    async with AsyncExitStack() as stack:
        connection = KafkaConnection(**kafka_options(settings.kafka, settings.office))
        log = KafkaLog(connection)
        stack.push_async_callback(log.close)
        store = open_store(settings.store.path, keys.store)
        fetch_bytes = settings.files.fetch_bytes
        files_log = KafkaLog(dataclasses.replace(connection, partition_fetch_bytes=fetch_bytes))
        stack.push_async_callback(files_log.close)
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
                settle_s=settings.settle_s,
                heartbeat_s=settings.heartbeat_s,
                difference_after_s=settings.difference_after_s,
                files=settings.files.options(),
            ),
            backup=_plan(settings, keys.backup),
            files_log=files_log,
        )
        await agent.load()
        async with Supervisor(stop) as tasks:
            tasks.start("agent", lambda: agent.run(stop))
            tasks.start("doors", lambda: _open_doors(agent, settings, compose, metrics, stop))
            await tasks.until_stopped()


async def _open_doors(
    agent: Agent, settings: AgentSettings, compose: Compose, metrics: Metrics, stop: StopSignal
) -> None:
    folder = settings.store.path.parent
    async with AsyncExitStack() as stack:
        admin = await start_admin(settings.admin, metrics.registry, agent.checks())
        stack.push_async_callback(admin.stop)
        door = entrance(
            agent,
            party=RelyingParty(urlsplit(settings.api.origin).hostname or "", settings.api.origin),
            socket_is_office=settings.api.socket_acts_as == "office",
        )
        api = await serve(
            compose(door),
            settings.api.host,
            settings.api.port,
            grace_s=_GRACE_S,
            socket_file=folder / API_SOCKET,
            certificate=None
            if settings.api.tls is None
            else ListenerCertificate(settings.api.tls, section="api.tls"),
        )
        stack.push_async_callback(api.stop)
        # The listener waits for its answers, and a stream of changes ends by itself never.
        stack.callback(agent.changes.close)
        ports = {"api_port": api.port, "admin_port": admin.port}
        stack.enter_context(run_file(folder / RUN_FILE, **ports))
        get_logger().info("agent is up", office=agent.office.id, port=api.port)
        await stop.wait()
