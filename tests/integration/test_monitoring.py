"""A real Prometheus and Alertmanager watch a node: its line breaks, the alert fires, and ends."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from blo_cli.monitoring.alert_rules import JOB, RULES, rules_file
from blo_cli.monitoring.dashboards import panels
from blo_lab.broker import EmbeddedBroker
from tests.integration.operations_page import addressed, free_ports, opened_shell
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.broker, pytest.mark.slow]


class Watching(NamedTuple):
    """Where the two listen."""

    prometheus: int
    alertmanager: int

    async def ask(self, port: int, path: str) -> Any:
        def call() -> Any:
            request = Request(f"http://127.0.0.1:{port}{path}")
            with urlopen(request, timeout=PATIENCE_S) as answer:
                return json.loads(answer.read())

        return await asyncio.to_thread(call)

    async def query(self, expression: str) -> list[Any]:
        answer = await self.ask(self.prometheus, f"/api/v1/query?query={quote(expression)}")
        assert answer["status"] == "success", answer
        found: list[Any] = answer["data"]["result"]
        return found

    async def alerts(self) -> set[str]:
        """The names of the alerts that Alertmanager has now."""
        answer = await self.ask(self.alertmanager, "/api/v2/alerts?active=true")
        return {alert["labels"]["alertname"] for alert in answer}

    async def until(self, name: str, *, fires: bool) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while (name in await self.alerts()) is not fires:  # noqa: ASYNC110 - another's answer
                await asyncio.sleep(0.2)

    async def has(self, expression: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await self.query(expression):  # noqa: ASYNC110 - another's answer
                await asyncio.sleep(0.2)

    async def until_it_answers(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            for port, path in (
                (self.prometheus, "/api/v1/targets"),
                (self.alertmanager, "/api/v2/status"),
            ):
                while True:
                    try:
                        await self.ask(port, path)
                        break
                    except OSError:
                        await asyncio.sleep(0.1)


@contextmanager
def program(folder: Path, *words: str) -> Iterator[None]:
    with (folder / f"{words[0]}.log").open("wb") as log:
        running = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            running.terminate()
            try:
                running.wait(PATIENCE_S)
            finally:
                running.kill()
                running.wait()


@contextmanager
def watching(folder: Path, target: int, nodes: list[str]) -> Iterator[Watching]:
    """Both programs, which look every half second; a minute of a rule lasts 0.2 s."""
    prometheus, alertmanager = free_ports(2)
    (folder / "rules.yml").write_text(rules_file(nodes, second=1 / 300), encoding="utf-8")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms}\n"
        "rule_files: [rules.yml]\n"
        "alerting:\n"
        f"  alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]\n"
        "scrape_configs:\n"
        f"  - job_name: {JOB}\n"
        "    static_configs:\n"
        f"      - {{targets: ['127.0.0.1:{target}'], labels: {{node: {nodes[0]}}}}}\n",
        encoding="utf-8",
    )
    (folder / "alertmanager.yml").write_text(
        "global: {resolve_timeout: 1s}\n"
        "route: {receiver: nobody, group_wait: 0s, group_interval: 1s}\n"
        "receivers: [{name: nobody}]\n",
        encoding="utf-8",
    )
    with ExitStack() as stack:
        stack.enter_context(
            program(
                folder,
                "prometheus-alertmanager",
                f"--web.listen-address=127.0.0.1:{alertmanager}",
                "--config.file=alertmanager.yml",
                "--storage.path=alertmanager",
                "--cluster.listen-address=",
            )
        )
        stack.enter_context(
            program(
                folder,
                "prometheus",
                f"--web.listen-address=127.0.0.1:{prometheus}",
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=prometheus",
                "--rules.alert.resend-delay=1s",
                "--rules.alert.for-grace-period=0s",
            )
        )
        yield Watching(prometheus, alertmanager)


async def test_a_line_that_breaks_raises_its_alert_and_a_mended_one_ends_it(
    broker_factory: object, project_root: Path, tmp_path: Path
) -> None:
    """Two offices as docs/operations.md sets them up; their broker stands still for a while."""
    assert callable(broker_factory)
    broker = broker_factory()
    assert isinstance(broker, EmbeddedBroker)
    page = (project_root / "docs" / "operations.md").read_text(encoding="utf-8")
    steps, ports = addressed(page, broker.bootstrap)
    first = next(number for number, step in enumerate(steps) if step.way == "background")
    nodes = ["vn-kyson", "vn-never-seen"]
    with (
        opened_shell(tmp_path / "page") as shell,
        watching(tmp_path, ports["9464"], nodes) as both,
    ):
        for step in steps[:first]:
            await asyncio.to_thread(shell.run, step.text)
        shell.start(steps[first].text.strip())
        await both.until_it_answers()
        await both.until("BloNodeAway", fires=True)
        await both.has('up{node="vn-kyson"} == 1')
        await both.has('blo_line_up{node="vn-kyson"} == 1')
        assert await both.query('ALERTS{alertname="BloNodeAway", node="vn-never-seen"}')
        assert "BloLineDown" not in await both.alerts()
        for panel in panels():
            asked = panel.query.replace("$node", ".*").replace("$__rate_interval", "1m")
            await both.query(asked)
        for rule in RULES:
            await both.query(rule.expression)
        broker.pause()
        await both.until("BloLineDown", fires=True)
        broker.resume()
        await both.until("BloLineDown", fires=False)
        await both.has('blo_line_up{node="vn-kyson"} == 1')
        assert shell.end() == [0]
