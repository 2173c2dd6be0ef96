"""The demo from beginning to end: a lab, a scenario, a report, the checks, and nothing left."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from blo_cli.demo import checks
from blo_cli.demo.fetching import fetched
from blo_cli.demo.observing import Observed, observe, settle
from blo_cli.demo.player import Played, Player
from blo_cli.demo.progress import Progress
from blo_cli.demo.reporting import build_report, case_reports
from blo_cli.demo.search import Needles, distinctive_words, files_below
from blo_cli.interrupts import Interrupts
from blo_cli.lab.client import AgentClient
from blo_cli.lab.layout import Layout
from blo_cli.lab.offices import office
from blo_cli.lab.provision import published
from blo_cli.lab.running import Lab
from blo_cli.lab.world import PROVINCE, World
from blo_cli.scenario import Scenario
from blo_log import topics

__all__ = ["Demo", "Period"]


class Period(NamedTuple):
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
        period: Period,
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
        progress = Progress(len(self._scenario.lines))
        with self._interrupts.cleaning_up(self._clean_up), progress:
            self._lab = self._make_lab(progress)
            self._lab.start()
            clients = self._lab.clients()
            progress.tell("playing the scenario")
            played = Player(self._world, clients, progress.advance).play(self._scenario)
            progress.tell("waiting until every office has read everything")
            statuses = settle(self._world, clients, played.sizes)
            progress.tell("checking")
            seen = observe(clients, statuses)
            return self._report(self._lab, clients, played, seen)

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
            tell=progress.tell,
        )

    def _clean_up(self) -> None:
        if self._lab is not None:
            self._lab.stop()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _report(
        self, lab: Lab, clients: Mapping[str, AgentClient], played: Played, seen: Observed
    ) -> dict[str, Any]:
        first, last = self._period
        figures = clients[PROVINCE].report(first.isoformat(), last.isoformat())
        cases = case_reports(self._world, seen, played, clients)
        made = [
            checks.check_arrived(seen, played.sizes),
            checks.check_equal_views(self._world, seen),
            checks.check_rebuilt(seen),
            checks.check_verified(seen, played.sizes),
            checks.check_heads(self._world, seen),
            checks.check_metrics(seen),
            checks.check_report_whole(figures),
            *self._plaintext(lab),
        ]
        assert lab.broker is not None
        return build_report(self._world, lab.broker, seen, figures, cases, made)

    def _plaintext(self, lab: Lab) -> list[checks.Check]:
        """Searches what Kafka and the agents have on disk for the scenario's words."""
        public = [path.read_bytes() for path in published(lab.layout)]
        needles = Needles(distinctive_words(self._scenario, public))
        assert lab.broker is not None
        data = lab.broker.data_directory
        link = next(iter(self._world.links.values()))
        in_kafka = (
            (office(PROVINCE).names[0].text, topics.DIRECTORY_TOPIC),
            (str(link.id), f"{topics.exchange_topic(link.corridor)}-{link.partition}"),
        )
        places = (
            files_below(data, "*.log")
            if data is not None
            else fetched(lab.broker.bootstrap, self._world)
        )
        at_offices = files_below(lab.layout.offices, "*.db*", "*.log")
        in_log = [("agent is up", f"{PROVINCE}/agent.log")]
        return [
            checks.check_no_plaintext("no_plaintext_in_kafka", needles, places, in_kafka),
            checks.check_no_plaintext("no_plaintext_at_the_offices", needles, at_offices, in_log),
        ]
