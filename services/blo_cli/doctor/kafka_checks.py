"""The checks of what lies in Kafka: reach, clock, topics, rights, trust documents, peers."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from blo_agent.config import AgentSettings
from blo_audit.config import AuditorSettings
from blo_cli.doctor.findings import DoctorCheck, DoctorFinding, bad, good
from blo_cli.doctor.node_checks import DAY_MS, ENDS_SOON_MS
from blo_cli.kafka_options import Kafka, ProgramSettings, open_log
from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.errors import LogError
from blo_log.port import Log, TopicPartition, TopicSpec
from blo_processors.config import ProcessorSettings
from blo_processors.liveness import LivenessFeed
from blo_schemas.ids import CorridorId, OfficeId

CLOCK_MS: Final = 30_000
"""A clock that is behind the newest record by more is wrong."""
SILENT_MS: Final = 3_600_000
"""An office that was not heard for so long is told."""
_OUTPUTS: Final = ("blo.cases.", "blo.alerts.", "blo.trail.", "blo.dead.")


class KafkaChecks:
    """The checks of one program's Kafka.

    Args:
        config: The program's configuration file.
        settings: What it says.
        replication: How many copies of each partition there should be.
    """

    def __init__(self, config: Path, settings: ProgramSettings, replication: int) -> None:
        self._config = config
        self._settings = settings
        self._replication = replication
        self.findings: list[DoctorFinding] = []

    async def run(self) -> list[DoctorFinding]:
        """Do all of them; nothing is written."""
        log = open_log(Kafka(None, self._config))
        try:
            await self._look(log)
        except LogError as error:
            self._bad(DoctorCheck.KAFKA, str(error), "blo topics plan FOLDER --config FILE")
        finally:
            await log.close()
        return self.findings

    async def _look(self, log: Log) -> None:
        admin = await log.admin()
        there = await admin.topics()
        self._good(DoctorCheck.KAFKA, f"answers; {len(there)} topics are to be seen")
        feed = DirectoryFeed(log, self._settings.trust.roots)
        await feed.refresh()
        self._check_directory(feed)
        corridors = self._corridors(feed)
        planned = topics.plan(
            {each: max(feed.directory.partition_count(each), 1) for each in corridors},
            replication=self._replication,
            min_isr=max(self._replication - 1, 1),
            simulated_time=getattr(self._settings, "simulated_time", False),
        )
        needed = [spec for spec in planned if self._reads(spec.name)]
        self._check_topics(needed, await admin.describe([spec.name for spec in needed]))
        await self._check_rights(log, [spec for spec in needed if spec.name in there])
        for corridor in corridors:
            if topics.liveness_topic(corridor) in there:
                await self._check_liveness(log, feed, corridor)

    def _reads(self, topic: str) -> bool:
        """Whether this kind of program uses a topic."""
        if isinstance(self._settings, AgentSettings):
            return not topic.startswith(("blo.trail.", "blo.dead."))
        return isinstance(self._settings, ProcessorSettings) or not topic.startswith(_OUTPUTS)

    def _subject(self) -> OfficeId | None:
        for name in ("office", "processor", "witness"):
            subject = getattr(self._settings, name, None)
            if subject is not None:
                return OfficeId(subject)
        return None

    def _corridors(self, feed: DirectoryFeed) -> list[CorridorId]:
        match self._settings:
            case AgentSettings():
                office = OfficeId(self._settings.office)
                return [
                    corridor
                    for corridor in feed.directory.corridors()
                    if any(
                        office in agreement.offices
                        for agreement in feed.directory.newest_agreements(corridor)
                    )
                ]
            case ProcessorSettings():
                return [CorridorId(self._settings.corridor)]
            case AuditorSettings():
                return list(feed.directory.corridors())
        return [CorridorId(corridor) for corridor in self._settings.corridors]

    def _check_directory(self, feed: DirectoryFeed) -> None:
        directory = feed.directory
        check = "blo trust check FOLDER --config FILE"
        counted = f"{len(directory.documents)} trust documents count"
        if directory.refusals:
            words = f"{counted}, {len(directory.refusals)} are refused"
            self._bad(DoctorCheck.DIRECTORY, words, check)
        elif not directory.documents:
            self._bad(DoctorCheck.DIRECTORY, "there are no trust documents", check)
        else:
            self._good(DoctorCheck.DIRECTORY, counted)
        subject, now = self._subject(), _now()
        if subject is None:
            return
        certified = directory.certificate(subject, now)
        if certified is None:
            words = f"no valid certificate names {subject}"
            self._bad(DoctorCheck.CERTIFICATE, words, check)
            return
        left_ms = certified.certificate.not_after - now
        words = f"the certificate of {subject} ends in {left_ms // DAY_MS} days"
        if left_ms < ENDS_SOON_MS:
            is_agent = isinstance(self._settings, AgentSettings)
            renew = "blo agent certificate renew --config FILE"
            self._bad(
                DoctorCheck.CERTIFICATE,
                words,
                renew if is_agent else "blo trust certificate --help",
            )
        else:
            self._good(DoctorCheck.CERTIFICATE, words)

    def _check_topics(self, needed: list[TopicSpec], actual: dict[str, TopicSpec]) -> None:
        differences = topics.compare(needed, actual)
        for difference in differences:
            self._bad(DoctorCheck.TOPICS, str(difference), "blo topics apply FOLDER --config FILE")
        if not differences:
            self._good(DoctorCheck.TOPICS, f"{len(needed)} topics are as planned")

    async def _check_rights(self, log: Log, specs: Iterable[TopicSpec]) -> None:
        refused = False
        tried = 0
        for spec in specs:
            tried += 1
            try:
                reader = await log.reader({TopicPartition(spec.name, 0): 0})
                await reader.high_watermarks()
                await reader.close()
            except LogError as error:
                refused = True
                self._bad(DoctorCheck.RIGHTS, str(error), "blo topics plan FOLDER --config FILE")
        if not refused:
            words = f"{tried} topics may be read; writing was not tried"
            self._good(DoctorCheck.RIGHTS, words)

    async def _check_liveness(self, log: Log, feed: DirectoryFeed, corridor: CorridorId) -> None:
        liveness = LivenessFeed(log, feed, corridor)
        await liveness.refresh()
        now, own = _now(), self._subject()
        offices: dict[OfficeId, set[str]] = defaultdict(set)
        for agreement in feed.directory.newest_agreements(corridor):
            for office in agreement.offices:
                offices[office].add(agreement.link)
        mine = (
            offices.get(own, set()) if isinstance(self._settings, AgentSettings) and own else None
        )
        newest = 0
        for office, links in sorted(offices.items()):
            heard = liveness.newest(office)
            newest = max(newest, 0 if heard is None else heard.log_time)
            if office == own or (mine is not None and not links & mine):
                continue
            if heard is None:
                self._bad(DoctorCheck.PEERS, f"{office} was never heard", "blo trust show FOLDER")
            elif now - heard.log_time > SILENT_MS:
                words = f"{office} was last heard {(now - heard.log_time) / 3_600_000:.1f} h ago"
                self._bad(DoctorCheck.PEERS, words, "blo trust show FOLDER")
            else:
                self._good(DoctorCheck.PEERS, f"{office} was heard in the last hour")
        if newest - now > CLOCK_MS:
            words = f"this clock is at least {(newest - now) / 1000:.0f} s behind Kafka's"
            self._bad(DoctorCheck.CLOCK, words, "timedatectl status")
        elif newest:
            self._good(DoctorCheck.CLOCK, f"not behind the newest record of {corridor}")

    def _good(self, check: DoctorCheck, words: str) -> None:
        self.findings.append(good(check, words))

    def _bad(self, check: DoctorCheck, words: str, command: str) -> None:
        self.findings.append(bad(check, words, command))


def _now() -> int:
    return time.time_ns() // 1_000_000
