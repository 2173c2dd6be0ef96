"""docs/operations.md, word by word on a real Kafka; only the addresses are the test's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blo_lab.broker import EmbeddedBroker
from tests.integration.operations_page import addressed, blocks, opened_shell

pytestmark = [pytest.mark.broker, pytest.mark.slow]


def test_the_page_leads_from_nothing_to_an_exchanged_case(
    tmp_path: Path, broker_factory: object, project_root: Path
) -> None:
    assert shutil.which("curl"), "curl is needed: sudo apt-get install curl"
    assert callable(broker_factory)
    broker = broker_factory()
    assert isinstance(broker, EmbeddedBroker)
    page = (project_root / "docs" / "operations.md").read_text(encoding="utf-8")
    steps, _ = addressed(page, broker.bootstrap)
    assert [step.way for step in steps].count("background") == 2
    with opened_shell(tmp_path / "page") as shell:
        for step in steps:
            if step.way == "background":
                shell.start(step.text.strip())
            elif step.way == "until":
                shell.until(step.text)
            else:
                shell.run(step.text)
        said = shell.run("blo agent verify --config xiengkhouang/agent.toml").stdout
        assert "1 records, 1 verified" in said
        assert shell.end() == [0, 0]
    # Aim: at most 12 commands a country and 6 an office.
    commands = [line for step in steps for line in step.text.splitlines() if "blo " in line]
    assert len(commands) <= 2 * (12 + 6)


def test_the_page_has_all_its_commands_in_blocks_that_are_run(project_root: Path) -> None:
    page = (project_root / "docs" / "operations.md").read_text(encoding="utf-8")
    assert page.count("```") == 2 * len(blocks(page))
