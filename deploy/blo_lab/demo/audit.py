"""What an inspector makes of the demo's log: a replay, the witness's checkpoints, and a bundle.

He has the auditor's configuration that every lab has: pinned roots, where Kafka is, and the
observer's keys. Nothing that the offices or processors say of themselves is asked for.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from blo_audit.bundle.collect import Collector
from blo_audit.bundle.contents import BundleRequest
from blo_audit.bundle.statement import BundleReport
from blo_audit.bundle.verify import verify_bundle
from blo_audit.config import AuditorSettings
from blo_audit.findings.codes import Severity
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import SEED_SIZE, Mode
from blo_audit.replay.sources import LogSource
from blo_audit.replay.statement import ReplayStatement
from blo_cli.errors import CliError
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_runtime.config import load
from blo_runtime.files import NewFile
from blo_runtime.keyfiles import load_identity
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.trust import Role

_TIMEOUT_S: Final = 90.0


class Bundled(msgspec.Struct, frozen=True):
    """A bundle that was written, and verified from its file.

    Attributes:
        size: Of the file, in bytes.
        report: What the file proves.
    """

    size: int
    report: BundleReport


class Audited(msgspec.Struct, frozen=True):
    """What the inspector found.

    Attributes:
        report: The replay's result.
        bundled: The bundle of a whole link.
    """

    report: ReplayStatement
    bundled: Bundled


def audit(bootstrap: str, config: Path, link: str, bundle: Path) -> Audited:
    """Replays everything in full mode, and makes a bundle of a link.

    Args:
        bootstrap: Where Kafka listens.
        config: The auditor's configuration.
        link: The link to be bundled.
        bundle: The file to be made.

    Raises:
        CliError: Kafka does not give the records in time.
        LogError: They can't be read.
        BundleError: The link can't be bundled, or the file can't be read.
    """
    settings = load(config, AuditorSettings)

    async def read() -> ReplayStatement:
        log = KafkaLog(KafkaConnection(bootstrap=bootstrap, client_id=settings.auditor))
        source = LogSource(log, f"Kafka at {bootstrap}")
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                report = await _replay(source, settings)
                await Collector(source, settings.trust.roots).write(
                    BundleRequest(link=LinkId(link)), [], NewFile(bundle, private=True)
                )
                return report
        except TimeoutError:
            raise CliError(
                f"Kafka at {bootstrap}",
                f"did not give its records to the audit within {_TIMEOUT_S:g} s",
                todo="See whether every partition has a leader, then try again",
            ) from None
        finally:
            await source.close()

    report = asyncio.run(read())
    verified = verify_bundle(bundle, settings.trust.roots, simulated_time=settings.simulated_time)
    return Audited(report, Bundled(bundle.stat().st_size, verified))


async def _replay(source: LogSource, settings: AuditorSettings) -> ReplayStatement:
    assert settings.keys is not None
    replay = Replay(
        source,
        settings.trust.roots,
        AuditOptions(
            mode=Mode.FULL,
            seed=os.urandom(SEED_SIZE),
            outputs=True,
            simulated_time=settings.simulated_time,
        ),
        identity=load_identity(settings.keys, OfficeId(settings.auditor), Role.OBSERVER),
    )
    return await replay.run()


def audit_section(audited: Audited) -> dict[str, Any]:
    """The statement's key numbers, for the report."""
    report, bundled = audited.report, audited.bundled
    views = [one.views for one in report.links if one.views is not None]
    outputs = [one.outputs for one in report.links if one.outputs is not None]
    return {
        "mode": str(report.mode),
        "records": sum(one.records for one in report.links),
        "signatures_verified": sum(one.verified for one in report.links),
        "heads_verified": sum(one.heads for one in report.links),
        "views_agreed": sum(one.agreed for one in views),
        "outputs_agreed": sum(one.entries + one.checkpoints + one.cases for one in outputs),
        "breaches": report.count(Severity.BREACH),
        "doubts": report.count(Severity.DOUBT),
        "notes": report.count(Severity.NOTE),
        "findings": _by_code(report),
        "quorums": _quorums(report),
        "bundle": {
            "link": bundled.report.manifest.link,
            "records": bundled.report.manifest.counts.records,
            "bytes": bundled.size,
            "digest": bundled.report.digest,
        },
    }


def _by_code(report: ReplayStatement) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for one in report.findings:
        counts[str(one.code)] = counts.get(str(one.code), 0) + one.count
    return counts


def _quorums(report: ReplayStatement) -> Sequence[Mapping[str, Any]]:
    """Of each link whose whole log has a checkpoint with a quorum, that checkpoint."""
    return [
        {
            "link": link.link,
            "size": link.checkpoint,
            "tree_root": link.tree_root,
            "witness": link.checkpoint_signers[0],
            "cosigned": list(link.checkpoint_signers[1:]),
        }
        for link in sorted(report.links, key=lambda link: link.link)
        if link.checkpoint is not None and link.checkpoint == link.records
    ]
