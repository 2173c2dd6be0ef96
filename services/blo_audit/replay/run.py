"""``blo audit replay``: reads everything from a source, audits link by link, and reports.

The source is read in the event loop. In full mode each portion of records is audited in a thread,
so that reading overlaps with verifying. Without that work, handing a portion to a thread costs more
than it gains (130 µs each).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

import msgspec

from blo_audit.errors import NothingToAudit
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Finding, Findings, order
from blo_audit.replay.claims import read_claims
from blo_audit.replay.clocks import instant
from blo_audit.replay.documents import judge_documents, prove_documents
from blo_audit.replay.earlier import EarlierLink, union
from blo_audit.replay.link import LinkAudit
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.processor_outputs import ProcessorOutputs
from blo_audit.replay.seam import ReadStretch
from blo_audit.replay.signatures import Mode, VerifyAhead
from blo_audit.replay.sources import RecordSource, SourcePartition, places, read_span
from blo_audit.replay.state_file import EarlierStatement, StateWriter
from blo_audit.replay.statement import LinkStatement, ReplayStatement
from blo_audit.spill_files import SpillFolder
from blo_domain.trust import Pins, TrustedDirectory
from blo_log import topics
from blo_log.errors import LogTruncated
from blo_projection.errors import RecordChanged
from blo_projection.granted_keys import GrantedKeys
from blo_schemas.ids import HASH_SIZE, CorridorId, KeyId, LinkId
from blo_schemas.trust import SignedDocument
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
        since: The auditor's own statement, behind which the replay goes on; ``None``: it begins
            with the first records.
        writer: Takes the state at the end, for a later replay; ``None``: nobody wants it.
    """

    def __init__(
        self,
        source: RecordSource,
        pins: Pins,
        options: AuditOptions,
        *,
        identity: ProgramIdentity | None = None,
        workers: int | None = None,
        since: EarlierStatement | None = None,
        writer: StateWriter | None = None,
    ) -> None:
        self._source = source
        self._pins = pins
        self._options = options
        self._identity = identity
        self._workers = workers
        self._progress: Progress | None = None
        self._since = since
        self._writer = writer
        self._documents: Sequence[SignedDocument] = ()
        self._then: TrustedDirectory | None = None

    async def run(
        self,
        *,
        corridor: CorridorId | None = None,
        links: Collection[LinkId] = (),
        progress: Progress | None = None,
    ) -> ReplayStatement:
        """Audit links.

        Args:
            corridor: Only those of this one.
            links: Only these; all if there are none.
            progress: Told how far it is.

        Raises:
            NoTrust: No pinned root is there.
            NothingToAudit: No link fits, and no refused document or unknown link says why.
            StatementRefused: No replay can go on from the statement.
            LogError: The source could not be read.
        """
        self._progress = progress
        if self._since is not None:
            options = self._options
            self._since.check_basis(self._pins, options.tolerance_ms, options.late_ms)
            if options.outputs:
                raise self._since.refused("it says nothing of the processors' outputs (--outputs)")
        self._documents = await self._source.documents()
        directory, refused = judge_documents(self._documents, self._pins, self._source.name)
        self._compare_documents(directory, refused)
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

    def _compare_documents(self, directory: TrustedDirectory, findings: Findings) -> None:
        """Keep the documents for a later replay; one that an earlier replay had is missed."""
        if self._writer is not None:
            self._writer.add_documents(directory.documents)
        if self._since is None or not self._source.has_all_documents:
            return
        for document in self._since.missing_documents(directory.documents):
            findings.add(Code.DOCUMENT_WITHHELD, f"document {document.hex()[:16]}… is not there")

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
    ) -> tuple[LinkStatement, list[Finding]]:
        findings = Findings(place.link)
        values = await self._source.heads(place)
        keys, withdrawn = await self._keys(place, directory)
        end = await self._source.end(place)
        spill_folder = SpillFolder()
        try:
            earlier, reread = await self._earlier(place, directory, keys, spill_folder, findings)
            if earlier is not None:
                values = union(earlier.seam.values, values)
            audit = LinkAudit(
                place,
                directory,
                # Of each head its claim is kept, and nothing more, unless a statement is written.
                read_claims(values, place, directory, findings, partial=True),
                self._options,
                spill_folder,
                findings,
                keys=keys,
                ahead=ahead,
                withdrawn=withdrawn,
                keeps_state=self._writer is not None,
                earlier=earlier,
            )
            first = audit.size
            if self._writer is None:
                values = ()
            await self._release(place, audit, findings)
            try:
                async for batch in self._source.records(place, first):
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
            if self._writer is not None:
                self._write(self._writer, place, audit, values, first)
            statement = msgspec.structs.replace(audit.finish(), reread=reread)
            return statement, [*findings, *audit.of_records]
        finally:
            spill_folder.close()

    async def _earlier(
        self,
        place: SourcePartition,
        directory: TrustedDirectory,
        keys: GrantedKeys | None,
        spill_folder: SpillFolder,
        findings: Findings,
    ) -> tuple[EarlierLink | None, str | None]:
        """What the statement says of a link, or in words why the link is read from its first record.

        Raises:
            StatementRefused: It says nothing that helps, and the source begins later.
        """
        if self._since is None:
            if self._source.begins(place):
                raise NothingToAudit(
                    f"{self._source.name} has the records of {place.link} from "
                    f"{self._source.begins(place):,} on: name the statement behind which it was "
                    "cut, with --since"
                )
            return None, None
        earlier = EarlierLink.of(self._since, place, spill_folder)
        if earlier is None:
            problem: str | None = f"the statement says nothing of {place.link} at its place"
        else:
            problem = await self._problem(place, earlier, directory, keys, findings)
            if problem is None:
                return earlier, None
        if self._source.begins(place):
            raise self._since.refused(f"{problem}, and {self._source.name} begins later")
        return None, problem

    async def _problem(
        self,
        place: SourcePartition,
        earlier: EarlierLink,
        directory: TrustedDirectory,
        keys: GrantedKeys | None,
        findings: Findings,
    ) -> str | None:
        """In words why no replay goes on from an earlier one; a log that differs is a finding."""
        problem = earlier.problem(
            self._source.begins(place),
            self._trusted_then().link_trust(place.link),
            directory.link_trust(place.link),
        )
        if problem is not None:
            return problem
        differs = await earlier.differs(self._source, place)
        if differs is not None:
            words = f"{differs}; the auditor's statement of {instant(earlier.made_at)} says so"
            findings.add(Code.LOG_REWRITTEN, words, position=earlier.size)
            return f"the log is not the one that was read: {differs}"
        if keys is not None and earlier.seam.views is None:
            return "no steps were judged then, for want of summary keys"
        return None

    def _trusted_then(self) -> TrustedDirectory:
        """What the documents that counted at the earlier replay prove, as far as they are there."""
        assert self._since is not None
        if self._then is None:
            documents = self._since.documents_of(self._documents)
            self._then, _ = prove_documents(documents, self._pins)
        return self._then

    async def _release(self, place: SourcePartition, audit: LinkAudit, findings: Findings) -> None:
        """Judge the records whose keys came after they were read."""
        while positions := audit.openable():
            for position in positions:
                records = await read_span(self._source, place, position, 1)
                if not records or position < self._source.begins(place):
                    return
                try:
                    audit.release(position, records[0].value)
                except RecordChanged as error:
                    findings.add(Code.LOG_REWRITTEN, str(error), position=position)
                    return

    def _write(
        self,
        writer: StateWriter,
        place: SourcePartition,
        audit: LinkAudit,
        values: Sequence[bytes],
        first: int,
    ) -> None:
        options = self._options
        full = options.mode is Mode.FULL
        stretch = ReadStretch(
            first=first,
            end=audit.size,
            mode=options.mode,
            share=1_000_000 if full else round(options.rate * 1_000_000),
            seed="" if full else options.seed.hex(),
            made_at=writer.made_at,
            source=self._source.name,
        )
        state = audit.seam(values, stretch)
        if state is not None:
            writer.add(place, audit.size, audit.hashes, *state)

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
