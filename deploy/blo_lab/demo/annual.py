"""The year's report as an office freezes it, and as whoever doubts it verifies it."""

from __future__ import annotations

from datetime import date
from typing import Final

from rich.filesize import decimal

from blo_agent.config import AgentSettings
from blo_audit.report_audit import audit_report
from blo_cli.client import client_of
from blo_cli.trust.judging import judge
from blo_lab.demo.checks import Check, checked
from blo_lab.network.layout import Layout
from blo_runtime.config import load
from blo_schemas.reports import ReportAct

__all__ = ["check_frozen_report"]

_OFFICER: Final = "Lê C (fictional)"
_STEPS: Final = (
    (ReportAct.REVIEW, "Trần B (fictional)"),
    (ReportAct.SIGN, "Nguyễn A (fictional)"),
    (ReportAct.FREEZE, "Nguyễn A (fictional)"),
)


def check_frozen_report(layout: Layout, office: str, period: tuple[date, date]) -> Check:
    """The office freezes its report; its file alone proves it, and it can be computed anew.

    Args:
        layout: Where the office's configuration and the trust documents lie.
        office: Whose report.
        period: First and last business date.

    Raises:
        CliError: The agent refuses a step, or does not answer.
    """
    settings = load(layout.config(office), AgentSettings)
    client = client_of(settings)
    first, last = period
    digest = str(client.compute(first.isoformat(), last.isoformat(), _OFFICER)["digest"])
    for act, actor in _STEPS:
        client.act(digest, act, actor)
    data = client.report_file(digest, _OFFICER)
    directory = judge(layout.documents, settings.trust.roots).directory
    audited = audit_report(data, directory=directory)
    compared = client.compare(digest, _OFFICER)
    wrong = [f"{one.flaw} {one.where}: {one.words}" for one in audited.findings]
    wrong += [str(why) for why in compared["why_not"]]
    wrong += [f"{one['indicator']} differs already" for one in compared["since"]["figures"]]
    report = audited.signed.frozen.report
    return checked(
        "frozen_report_holds",
        wrong,
        f"{len(report.events)} events proved in the logs of {len(report.links)} links, "
        f"{len(report.heads)} heads of others vouch for them; verified from its file, "
        f"{decimal(len(data))}, and computed anew byte for byte",
    )
