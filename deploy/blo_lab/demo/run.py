"""The demo from beginning to end: a lab, a scenario, a report, the checks, and nothing left."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from datetime import time as day_time
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from blo_cli.errors import AgentAnswerError
from blo_cli.interrupts import Interrupts
from blo_lab.demo import audit_checks, checks, output_checks
from blo_lab.demo.annual import figures_of, freeze_report
from blo_lab.demo.audit import Audited, audit, audit_section
from blo_lab.demo.derived import alerts_section, processors_section
from blo_lab.demo.fetch import fetched
from blo_lab.demo.observe import (
    Observed,
    await_outputs,
    await_quorums,
    observe,
    scrape,
    settle,
)
from blo_lab.demo.outputs import CorridorOutputs, read_back
from blo_lab.demo.player import Played, Player
from blo_lab.demo.progress import Progress
from blo_lab.demo.report import build_report, case_reports
from blo_lab.demo.search import Needles, Place, distinctive_words, files_below
from blo_lab.network.client import LabAgentClient
from blo_lab.network.lab import Lab
from blo_lab.network.layout import Layout
from blo_lab.network.provision import published
from blo_lab.network.table import PROCESSOR, WITNESS, the_programs
from blo_lab.network.world import World
from blo_lab.scenario import Scenario
from blo_log import topics
from blo_runtime.keyfiles import load_identity
from blo_schemas.ids import country_of
from blo_schemas.instants import unix_ms
from blo_schemas.texts import zone_from
from blo_schemas.trust import Role

_PHASES: Final = 10
"""How often ``Progress.tell`` is called in a run."""

METRICS_TIMEOUT_S: Final = 60.0
BUNDLE: Final = "link.bundle"
"""The bundle that is written and verified, in the lab's folder."""
_POLL_S: Final = 0.25


class DemoPeriod(NamedTuple):
    """Business dates, both ends included."""

    first: date
    last: date


class Demo:
    """One run of the demo.

    Args:
        world: The links and offices to provision.
        scenario: What they do.
        period: What the report is of.
        environ: As for ``Lab``.
        interrupts: The command's signals, installed.
        keep: A folder that is left behind, without processes; ``None``: nothing is.
    """

    def __init__(
        self,
        world: World,
        scenario: Scenario,
        period: DemoPeriod,
        environ: Mapping[str, str],
        interrupts: Interrupts,
        keep: Path | None = None,
    ) -> None:
        self._world = world
        self._scenario = scenario
        self._period = period
        self._environ = environ
        self._interrupts = interrupts
        self._keep = keep
        self._temporary: Path | None = None
        self._lab: Lab | None = None

    def run(self) -> dict[str, Any]:
        """Runs it, and ends everything that it has started.

        Returns:
            The report with the checks.

        Raises:
            CliError: It could not be run; the error says why.
        """
        steps = len(self._scenario.lines) + len(the_programs(Layout(Path()), self._world))
        progress = Progress(steps, _PHASES)
        with self._interrupts.cleaning_up(self._clean_up), progress:
            lab = self._lab = self._make_lab(progress)
            lab.start()
            try:
                return self._play(lab, progress)
            except AgentAnswerError as error:
                # The log of a program that is gone says more than that it does not answer.
                lab.check_alive(within_s=1.0)
                if self._keep is not None:
                    raise
                todo = f"{error.todo}; `blo demo --keep DIR` keeps it"
                raise AgentAnswerError(error.where, error.what, todo=todo) from error

    def _play(self, lab: Lab, progress: Progress) -> dict[str, Any]:
        clients = lab.clients()
        progress.tell("playing the scenario")
        player = Player(self._world, clients, progress.advance, lab.check_alive)
        played = player.play(self._scenario)
        progress.tell("offices read to the end")
        statuses = settle(self._world, clients, played.sizes)
        progress.tell("processors derive the rest")
        await_outputs(self._world, lab.of_kind(PROCESSOR), played.sizes)
        progress.tell("all sign the trees")
        await_quorums(lab.of_kind(WITNESS), played.sizes)
        progress.tell("checking")
        seen = observe(clients, statuses)
        derived = self._outputs(lab)
        progress.tell("auditing")
        audited = self._audit(lab, played)
        progress.tell("reporting")
        return self._report(lab, clients, played, seen, derived, audited)

    def _outputs(self, lab: Lab) -> list[CorridorOutputs]:
        """What the processors wrote, as the ministry's observer reads it."""
        assert lab.broker is not None
        observer = load_identity(
            lab.layout.identity(self._world.auditor), self._world.auditor, Role.OBSERVER
        )
        # An event loop is not left half way through; it has a time limit of its own.
        with self._interrupts.shielded():
            return read_back(lab.broker.bootstrap, self._world, lab.of_kind(PROCESSOR), observer)

    def _audit(self, lab: Lab, played: Played) -> Audited:
        """What an inspector finds; the link with the most records is bundled."""
        assert lab.broker is not None
        link = max(self._world.links_by_name, key=lambda name: played.sizes.get(name, 0))
        bundle = lab.layout.root / BUNDLE
        # An event loop is not left half way through; it has a time limit of its own.
        with self._interrupts.shielded():
            return audit(lab.broker.bootstrap, lab.layout.auditor, link, bundle)

    def _make_lab(self, progress: Progress) -> Lab:
        if self._keep is None:
            with self._interrupts.shielded():
                self._temporary = Path(tempfile.mkdtemp(prefix="blo-demo-"))
        folder = self._keep or self._temporary
        assert folder is not None
        return Lab(
            Layout(folder),
            self._world,
            self._environ,
            self._interrupts,
            simulated_time=True,
            detached=False,
            again=False,
            tell=progress.tell,
            ready=progress.advance,
        )

    def _clean_up(self) -> None:
        if self._lab is not None:
            self._lab.stop()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _report(
        self,
        lab: Lab,
        clients: Mapping[str, LabAgentClient],
        played: Played,
        seen: Observed,
        derived: Sequence[CorridorOutputs],
        audited: Audited,
    ) -> dict[str, Any]:
        cases = case_reports(self._world, seen, played, clients)
        clients[self._world.reporter].clock(self._period_ended_ms())
        report, is_frozen = freeze_report(lab.layout, self._world.reporter, self._period)
        figures = figures_of(report)
        made = [
            checks.check_arrived(seen, played.sizes),
            checks.check_equal_views(self._world, seen),
            checks.check_rebuilt(seen),
            checks.check_verified(seen, played.sizes),
            checks.check_heads(self._world, seen),
            self._metrics(clients, seen),
            checks.check_report_whole(figures),
            is_frozen,
            output_checks.check_trail(seen, derived, played.sizes),
            output_checks.check_case_views(seen, derived),
            output_checks.check_alerts(derived),
            output_checks.check_no_dead_letters(derived),
            output_checks.check_no_content(derived),
            *self._audited(audited, derived, played.sizes),
            *self._plaintext(lab),
        ]
        assert lab.broker is not None
        labels = {case: label for label, case in played.cases.items()}
        sections = {
            "processors": processors_section(derived, played.sizes),
            "alerts": alerts_section(derived, labels),
            "audit": audit_section(audited),
        }
        return build_report(self._world, lab.broker, seen, figures, cases, sections, made)

    def _period_ended_ms(self) -> int:
        """When the period is over for who reports it; before that, no report of it is frozen."""
        zone = zone_from(self._world.zones[country_of(self._world.reporter)])
        midnight = datetime.combine(self._period.last, day_time.max, tzinfo=zone)
        return unix_ms(midnight) + 1

    def _audited(
        self, audited: Audited, derived: Sequence[CorridorOutputs], played: Mapping[str, int]
    ) -> list[checks.Check]:
        sizes = {link: played.get(link, 0) for link in self._world.links_by_name}
        roots = audit_checks.tree_roots(derived)
        return [
            audit_checks.check_witnessed(audited.report, sizes, roots),
            audit_checks.check_audit(audited.report, sizes),
            audit_checks.check_bundle(audited.bundled, sizes, roots),
        ]

    def _metrics(self, clients: Mapping[str, LabAgentClient], seen: Observed) -> checks.Check:
        """Compares the metrics; some gauges follow the agent only once a second."""
        deadline = time.monotonic() + METRICS_TIMEOUT_S
        while True:
            check = checks.check_metrics(seen)
            if check.ok or time.monotonic() > deadline:
                return check
            time.sleep(_POLL_S)
            seen = msgspec.structs.replace(seen, metrics=scrape(clients))

    def _plaintext(self, lab: Lab) -> list[checks.Check]:
        """Searches what Kafka and the agents have on disk for the scenario's words."""
        public = [path.read_bytes() for path in published(lab.layout)]
        needles = Needles(distinctive_words(self._scenario, public))
        used = {line.link for line in self._scenario.lines}
        link = next(one for one in self._world.links.values() if one.id in used)
        in_kafka = (
            (self._world.office(self._world.reporter).names[0].text, topics.DIRECTORY_TOPIC),
            (str(link.id), f"{topics.exchange_topic(link.corridor)}-{link.partition}"),
        )
        at_offices = files_below(lab.layout.offices, "*.db*", "*.log")
        in_log = [("agent is up", f"{self._world.reporter}/agent.log")]
        return [
            checks.check_no_plaintext(
                "no_plaintext_in_kafka", needles, self._kept_by_kafka(lab), in_kafka
            ),
            checks.check_no_plaintext("no_plaintext_at_the_offices", needles, at_offices, in_log),
            checks.check_no_plaintext(
                "no_plaintext_at_the_processors",
                needles,
                files_below(lab.layout.processors, "*"),
                [("processor is up", f"{link.corridor}/processors.log")],
            ),
        ]

    def _kept_by_kafka(self, lab: Lab) -> Iterable[Place]:
        """Its segment files; if they are somebody else's, all records, fetched."""
        assert lab.broker is not None
        if lab.broker.data_directory is not None:
            return files_below(lab.broker.data_directory, "*.log")
        # An event loop is not left half way through.
        with self._interrupts.shielded():
            return list(fetched(lab.broker.bootstrap, self._world))
