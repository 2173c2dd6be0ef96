"""``blo audit replay``: reads everything from a source, audits link by link, and reports.

The source is read in the event loop. In full mode each portion of records is audited in a thread,
so that reading overlaps with verifying. Without that work, handing a portion to a thread costs more
than it gains (130 µs each).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from blo_audit.errors import NothingToAudit
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Finding, Findings, order
from blo_audit.replay.claims import read_claims
from blo_audit.replay.documents import judge_documents
from blo_audit.replay.link import AuditOptions, LinkAudit
from blo_audit.replay.processor_outputs import ProcessorOutputs
from blo_audit.replay.signatures import Mode, VerifyAhead
from blo_audit.replay.sources import RecordSource, SourcePartition, places
from blo_audit.replay.statement import LinkStatement, ReplayStatement
from blo_audit.spill_files import SpillFolder
from blo_domain.trust import Pins, TrustedDirectory
from blo_log import topics
from blo_log.errors import LogTruncated
from blo_projection.granted_keys import GrantedKeys
from blo_schemas.ids import HASH_SIZE, CorridorId, KeyId, LinkId
from blo_sealing.identity import ProgramIdentity

Progress = Callable[[SourcePartition, int, int | None], None]
"""Told after each portion: the link, how many records were read, and of how many if known."""


class Replay:
    """An audit of a source.

    Args:
        source: What is read.
        pins: The pinned roots; the only thing that is believed.
        options: How it is done.
        identity: The auditor's keys, where it was granted summary keys.
        workers: How many threads verify signatures; by default one a core.
        progress: Told how far it is.
    """

    def __init__(
        self,
        source: RecordSource,
        pins: Pins,
        options: AuditOptions,
        *,
        identity: ProgramIdentity | None = None,
        workers: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._source = source
        self._pins = pins
        self._options = options
        self._identity = identity
        self._workers = workers
        self._progress = progress

    async def run(
        self, *, corridor: CorridorId | None = None, links: Collection[LinkId] = ()
    ) -> ReplayStatement:
        """Audit links.

        Args:
            corridor: Only those of this one.
            links: Only these; all if there are none.

        Raises:
            NoTrust: No pinned root is there.
            NothingToAudit: No link fits, and no refused document or unknown link says why.
            LogError: The source could not be read.
        """
        documents = await self._source.documents()
        directory, refused = judge_documents(documents, self._pins, self._source.name)
        chosen = self._choose(directory, corridor, links, refused)
        findings: list[Finding] = list(refused)
        statements = []
        ahead = VerifyAhead(self._workers) if self._options.mode is Mode.FULL else None
        try:
            for place in chosen:
                statement, of_link = await self._audit(place, directory, ahead)
                statements.append(statement)
                findings += of_link
        finally:
            if ahead is not None:
                ahead.close()
        return ReplayStatement(
            source=self._source.name,
            mode=self._options.mode,
            links=tuple(statements),
            findings=tuple(sorted(findings, key=order)),
        )

    def _choose(
        self,
        directory: TrustedDirectory,
        corridor: CorridorId | None,
        links: Collection[LinkId],
        findings: Findings,
    ) -> Sequence[SourcePartition]:
        known = places(directory, corridor)
        for link in sorted(set(links) - {place.link for place in known}):
            findings.add(Code.NOT_AGREED, f"no agreement that counts names {link}")
        chosen = [place for place in known if not links or place.link in links]
        if not chosen and not list(findings):
            there = ", ".join(place.link for place in known) or "none"
            raise NothingToAudit(
                f"{self._source.name}: no such link. Links that the trust documents name: {there}"
            )
        return chosen

    async def _audit(
        self, place: SourcePartition, directory: TrustedDirectory, ahead: VerifyAhead | None
    ) -> tuple[LinkStatement, Findings]:
        findings = Findings(place.link)
        # The values themselves are let go of: of each head its claim is kept, and nothing more.
        claims = read_claims(
            await self._source.heads(place), place, directory, findings, partial=True
        )
        keys, withdrawn = await self._keys(place, directory)
        end = await self._source.end(place)
        spill_folder = SpillFolder()
        try:
            audit = LinkAudit(
                place,
                directory,
                claims,
                self._options,
                spill_folder,
                findings,
                keys=keys,
                ahead=ahead,
                withdrawn=withdrawn,
            )
            try:
                async for batch in self._source.records(place):
                    if ahead is None:
                        audit.take(batch)
                    else:
                        await asyncio.to_thread(audit.take, batch)
                    if self._progress is not None:
                        self._progress(place, audit.size, end)
            except LogTruncated as error:
                audit.stop(str(error))
            if audit.outputs is not None:
                await self._compare(place, audit.outputs)
            return audit.finish(), findings
        finally:
            spill_folder.close()

    async def _compare(self, place: SourcePartition, outputs: ProcessorOutputs) -> None:
        async for batch in self._source.outputs(place, topics.trail_topic(place.corridor)):
            await asyncio.to_thread(outputs.take_trail, batch)
        async for batch in self._source.outputs(place, topics.cases_topic(place.corridor)):
            await asyncio.to_thread(outputs.take_cases, batch)

    async def _keys(
        self, place: SourcePartition, directory: TrustedDirectory
    ) -> tuple[GrantedKeys | None, frozenset[KeyId]]:
        """The auditor's keys, and the ids of all keys whose grants were withdrawn.

        Nobody grants a key to an auditor without a certificate, so it is judged as without keys.
        """
        if self._identity is None or not directory.certificates(self._identity.subject):
            return None, frozenset()
        keys = GrantedKeys(place.link, self._identity)
        withdrawn = set()
        for stored in await self._source.grants(place):
            if stored.value is None and stored.key is not None and len(stored.key) > HASH_SIZE:
                withdrawn.add(KeyId(stored.key[:HASH_SIZE]))
            keys.take(stored, directory)
        return keys, frozenset(withdrawn)
