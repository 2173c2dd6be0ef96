"""``blo audit verify``: check a bundle, with nothing but the file and the pinned roots."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from blo_audit.bundle.files import extract as extract_files
from blo_audit.bundle.verify import verify_bundle
from blo_audit.config import AuditorSettings
from blo_audit.printout.audit_result import bundle_paper
from blo_cli import terminal
from blo_cli.audit.forms import BundleCheckForm, bundle_form
from blo_cli.audit.options import Pinned, Reach
from blo_cli.audit.printout import PaperOptions, configured_auditor, paper_options
from blo_cli.audit.statement import opened_since, since_option
from blo_cli.commands import CliCommand
from blo_cli.errors import Exit
from blo_cli.file_access import writes
from blo_cli.kafka_options import load_reach, pins_option
from blo_cli.parameters import json_option

_FILE: Final = click.Path(path_type=Path)


@click.command(cls=CliCommand)
@click.argument("file", type=_FILE)
@pins_option
@click.option("--config", type=_FILE, help="A program's configuration, for its pinned roots.")
@since_option
@click.option(
    "--extract",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="A folder into which the files of the bundle are written that disclosed events enclose.",
)
@json_option(BundleCheckForm)
@paper_options
def verify(
    file: Path,
    pinned: Pinned,
    config: Path | None,
    since: Path | None,
    extract: Path | None,
    wants_json: bool,
    paper: PaperOptions,
) -> int:
    """Checks the bundle FILE and says what it proves and what not. Needs no network and no key.

    Believes only the roots that are pinned: compare their fingerprints over another channel than
    the one that brought the file. The end of a link is checked together with a statement of this
    auditor, given with --since and --config.

    Exit code 0: nothing is wrong. 1: there is a breach or a doubt. 2: it could not be checked.
    """
    pins = Reach(config, None, pinned).pins
    settings = None if config is None else load_reach(config)
    simulated = isinstance(settings, AuditorSettings) and settings.simulated_time
    with opened_since(since, config) as statement:
        report = verify_bundle(file, pins, statement, simulated_time=simulated)
    if extract is not None:
        extract_files(file, report.files, extract, writes)
    if wants_json:
        terminal.json(bundle_form(report))
    if paper.files or not wants_json:
        auditor = configured_auditor(config)
        paper.give(bundle_paper(report, paper.setting(pins, auditor)), auditor)
    return Exit.OK if report.clean else Exit.CHECK_FAILED
