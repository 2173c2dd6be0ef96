"""The checks of the machine: the running program, its TLS files, its disk, its store."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from blo_agent.config import AgentSettings
from blo_agent.custody.backups import newest_backup, unsaved_since
from blo_agent.custody.key_sources import KeySources
from blo_agent.main import RUN_FILE
from blo_agent.store.connection import Snapshot, open_connection
from blo_agent.store.errors import StoreError
from blo_audit.witness.config import WitnessSettings
from blo_audit.witness.main import RUN_FILE as WITNESS_RUN_FILE
from blo_cli.doctor.findings import DoctorCheck, DoctorFinding, bad, good
from blo_cli.kafka_options import ProgramSettings
from blo_processors.config import ProcessorSettings
from blo_runtime.admin import CheckReport
from blo_runtime.errors import RunFileUnusable, TlsUnusable
from blo_runtime.files import SMALL, read_file
from blo_runtime.run_file import read_run_file
from blo_runtime.settings import AdminSettings, TlsSettings
from blo_runtime.tls import ssl_context
from blo_schemas.errors import WireError
from blo_schemas.texts import from_json
from blo_sealing.x509_dates import certificate_end

DAY_MS: Final = 86_400_000
ENDS_SOON_MS: Final = 30 * DAY_MS
"""A certificate that ends within so long is to be renewed."""
LEAST_FREE_BYTES: Final = 1 << 30
"""A disk with less room is told."""
_ASK_S: Final = 5.0
_MOST_BYTES: Final = 1 << 20
_COMMANDS: Final = {
    "identity": "blo agent certificate renew --config FILE",
    "links": "blo agent resume LINK --reason WORDS --actor PERSON",
    "clock": "timedatectl status",
    "store": "blo agent restore BACKUP --config FILE",
    "directory": "blo trust check FOLDER",
}
"""The command that comes next, by the name of a check of ``/readyz``."""


def program_folder(settings: ProgramSettings) -> Path | None:
    """The folder in which a program keeps what it writes; ``None``: it keeps nothing."""
    match settings:
        case AgentSettings():
            return settings.store.path.parent
        case WitnessSettings():
            return settings.state.parent
        case ProcessorSettings():
            return settings.keys.parent
    return None


def check_program(settings: ProgramSettings) -> Iterator[DoctorFinding]:
    """What the running program says of itself."""
    folder = program_folder(settings)
    if folder is None or not isinstance(admin := getattr(settings, "admin", None), AdminSettings):
        return
    pattern = RUN_FILE if isinstance(settings, AgentSettings) else WITNESS_RUN_FILE
    if isinstance(settings, ProcessorSettings):
        pattern = "run-*.json"
    is_running = False
    for path in sorted(folder.glob(pattern)):
        try:
            place = read_run_file(path)
        except RunFileUnusable as error:
            yield bad(DoctorCheck.PROGRAM, str(error), f"cat {path}")
            continue
        if place is not None:
            is_running = True
            yield from _ask(admin, place.admin_port)
    if not is_running:
        run = "agent run" if isinstance(settings, AgentSettings) else "processors run"
        run = "audit witness run" if isinstance(settings, WitnessSettings) else run
        yield bad(DoctorCheck.PROGRAM, "the program does not run", f"blo {run} --config FILE")


def _ask(admin: AdminSettings, port: int) -> Iterator[DoctorFinding]:
    if admin.tls is not None:
        yield good(DoctorCheck.PROGRAM, f"runs; /readyz at port {port} speaks TLS: ask it yourself")
        return
    again = f"curl -s http://{admin.host}:{port}/readyz"
    connection = HTTPConnection(admin.host, port, timeout=_ASK_S)
    try:
        connection.request("GET", "/readyz", headers={"Connection": "close"})
        reports = from_json(connection.getresponse().read(_MOST_BYTES), list[CheckReport])
    except (OSError, HTTPException, WireError) as error:
        yield bad(DoctorCheck.PROGRAM, f"runs and does not answer ({error})", again)
        return
    finally:
        connection.close()
    for report in reports:
        if not report.ok:
            check = DoctorCheck.CLOCK if report.name == "clock" else DoctorCheck.PROGRAM
            words = f"{report.name}: {report.detail}"
            yield bad(check, words, _COMMANDS.get(report.name, again))
    if all(report.ok for report in reports):
        names = ", ".join(report.name for report in reports)
        yield good(DoctorCheck.PROGRAM, f"runs and is ready: {names}")


def check_tls(settings: TlsSettings | None) -> Iterator[DoctorFinding]:
    """Whether the TLS files fit together, and how long they still hold."""
    if settings is None:
        yield good(DoctorCheck.TLS, "none: this machine's own Kafka, without TLS")
        return
    try:
        ssl_context(settings)
    except TlsUnusable as error:
        yield bad(DoctorCheck.TLS, str(error), f"openssl x509 -text -noout -in {error.file}")
        return
    now = time.time_ns() // 1_000_000
    for path in (settings.certificate, settings.ca):
        left_ms = certificate_end(read_file(path, SMALL)) - now
        words = f"{path} ends in {left_ms // DAY_MS} days"
        if left_ms < ENDS_SOON_MS:
            yield bad(DoctorCheck.TLS, words, f"openssl x509 -enddate -noout -in {path}")
        else:
            yield good(DoctorCheck.TLS, words)


def check_disk(settings: ProgramSettings) -> Iterator[DoctorFinding]:
    """Whether there is room where the program writes."""
    folder = program_folder(settings)
    if folder is None:
        return
    folders = {folder}
    if isinstance(settings, AgentSettings) and settings.backup is not None:
        folders.add(settings.backup.folder)
    for each in sorted(folders):
        try:
            free = shutil.disk_usage(each).free
        except OSError as error:
            yield bad(DoctorCheck.DISK, f"{each}: {error.strerror or error}", f"ls -ld {each}")
            continue
        words = f"{each} has {free / (1 << 30):.1f} GiB of room"
        if free < LEAST_FREE_BYTES:
            yield bad(DoctorCheck.DISK, words, f"df -h {each}")
        else:
            yield good(DoctorCheck.DISK, words)


def check_store(settings: ProgramSettings) -> Iterator[DoctorFinding]:
    """Whether an agent's store opens with its key, and how old its newest backup is."""
    if not isinstance(settings, AgentSettings):
        return
    path = settings.store.path
    if not path.exists():
        yield bad(DoctorCheck.STORE, f"{path} is not there", "blo agent init --help")
        return
    try:
        key = KeySources(settings).store_key()
        connection = open_connection(path, key, read_only=True)
    except StoreError as error:
        yield bad(DoctorCheck.STORE, str(error), "blo agent restore BACKUP --config FILE")
        return
    try:
        snapshot = Snapshot(connection)
        yield good(DoctorCheck.STORE, f"{path} opens with its key")
        newest, since = newest_backup(snapshot), unsaved_since(snapshot)
    finally:
        connection.close()
    make = "blo agent backup --config FILE"
    if settings.backup is None:
        yield bad(DoctorCheck.BACKUP, "no backups are configured: [backup] is missing", make)
        return
    age_ms = time.time_ns() // 1_000_000 - since
    words = (
        f"{'the newest verified backup' if newest else 'nothing'} is {age_ms / DAY_MS:.1f} days old"
    )
    if newest is None:
        words = f"there is no backup of what was written in {age_ms / DAY_MS:.1f} days"
    if newest is None or age_ms > max(2000 * settings.backup.every_s, DAY_MS):
        yield bad(DoctorCheck.BACKUP, words, make)
    else:
        yield good(DoctorCheck.BACKUP, words)
