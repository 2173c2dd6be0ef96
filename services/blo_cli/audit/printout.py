"""Papers of an audit: where they go, in which form, and whose signature lies beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import click

from blo_audit.auditor import Auditor, auditor_of, is_signed_by_key
from blo_audit.config import AuditorSettings
from blo_audit.printout.audit_result import PaperSetting
from blo_cli import terminal
from blo_cli.audit.json_forms import PaperSignatureForm
from blo_cli.audit.trust_basis import Pinned, TrustBasis, trust_options
from blo_cli.commands import CliCommand, CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import check_output, read_input, write_output
from blo_cli.instant_text import InstantText
from blo_cli.kafka_options import Kafka, load_reach
from blo_cli.parameters import (
    FILE,
    INSTANT,
    json_option,
    language_option,
    replace_option,
    zone_option,
)
from blo_domain.trust import TrustedDirectory
from blo_printout.model import Paper, PaperLanguage
from blo_printout.pdf import pdf_of
from blo_printout.text import text_of
from blo_runtime.clock import SystemClock
from blo_schemas.audits import AUDIT_SIGNATURE, AuditDocument, AuditSignature
from blo_schemas.errors import WireError
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.instants import unix_ms
from blo_schemas.texts import from_hex

F = TypeVar("F", bound=Callable[..., Any])

TOOL: Final = f"blo {version('blo-exchange')}"
_SUFFIX: Final = ".sig"
_LONGEST_SIGNATURE: Final = 4096
_FORMS: Final[Mapping[str, Callable[[Paper], bytes]]] = {
    ".txt": lambda paper: text_of(paper).encode(),
    ".pdf": pdf_of,
}


class PaperOptions(NamedTuple):
    """The options of a command that makes a paper.

    Attributes:
        language: The language of its headings, and of fields and their values.
        times: Writes instants in the reader's zone.
        files: The files to be made; their endings say in which form.
        dated: Its date; ``None``: now.
        replace: Whether a file that is there is replaced.
    """

    language: PaperLanguage
    times: InstantText
    files: tuple[Path, ...]
    dated: datetime | None
    replace: bool

    def check(self) -> None:
        """Finds out, before long work, whether the files can be made.

        Raises:
            UsageError: The ending of one says no form.
            CliError: One can't be made.
        """
        for path in self.files:
            if path.suffix not in _FORMS:
                raise click.UsageError(
                    f"--paper {path}: name a file that ends in {' or '.join(_FORMS)}"
                )
            check_output(path, replace=self.replace)

    def setting(
        self, pins: Mapping[CountryId, DocumentId], auditor: Auditor | None = None
    ) -> PaperSetting:
        """The circumstances of a paper.

        Args:
            pins: The pinned roots.
            auditor: Who signs the files.
        """
        now = SystemClock().now_ms() if self.dated is None else unix_ms(self.dated)
        signs = auditor if self.files else None
        return PaperSetting(
            language=self.language,
            times=self.times.of,
            date=now // 1000 * 1000,
            tool=TOOL,
            pins=pins,
            auditor=None if signs is None else signs.subject,
            auditor_key=b"" if signs is None else signs.public_key,
        )

    def give(self, paper: Paper, auditor: Auditor | None = None) -> None:
        """Writes the paper's files and their signatures; without files, prints it.

        Args:
            paper: The paper.
            auditor: Who signs the files; ``None``: nobody.

        Raises:
            CliError: A file can't be made.
            PaperFailed: The PDF can't be set.
        """
        if not self.files:
            terminal.document(text_of(paper, terminal.width()))
        for path in self.files:
            data = _FORMS[path.suffix](paper)
            write_output(path, data, replace=self.replace)
            beside = ""
            if auditor is not None:
                seal = AUDIT_SIGNATURE.encode(auditor.sign(AuditDocument.REPORT, data))
                signed = path.with_name(path.name + _SUFFIX)
                write_output(signed, seal.hex().encode() + b"\n", replace=self.replace)
                beside = f", signed by {auditor.subject}: {signed.name}"
            terminal.note(f"{path}: {len(data):,} bytes{beside}")


def paper_options(function: F) -> F:
    """Adds the options of an audit's paper, which the command gets as ``paper``.

    A command that writes other files too has ``--replace`` of its own, which counts for papers.
    """
    dated = click.option("--dated", type=INSTANT, help="The paper's date, to make it again; now.")
    return _with_paper(function, dated)


def printed_options(function: F) -> F:
    """Adds the options of a paper whose date is given by what it is about, as ``paper``."""
    return _with_paper(function, None)


def _with_paper(function: F, dated_option: Callable[[F], F] | None) -> F:
    has_replace = "replace" in signature(function).parameters

    @wraps(function)
    def packed(
        *arguments: Any,
        language: PaperLanguage,
        times: InstantText,
        files: tuple[Path, ...],
        replace: bool,
        dated: datetime | None = None,
        **others: Any,
    ) -> Any:
        paper = PaperOptions(language, times, files, dated, replace)
        paper.check()
        if has_replace:
            others["replace"] = replace
        return function(*arguments, paper=paper, **others)

    options: list[Any] = [] if has_replace else [replace_option]
    options += [] if dated_option is None else [dated_option]
    for option in (
        *options,
        click.option(
            "--paper",
            "files",
            type=FILE,
            multiple=True,
            help="Write the paper to this file, .pdf or .txt, instead of printing it; repeatable.",
        ),
        zone_option,
        language_option,
    ):
        packed = option(packed)
    return packed  # type: ignore[return-value]


def configured_auditor(config: Path | None) -> Auditor | None:
    """Whose key signs papers: the auditor's of a configuration; ``None``: nobody's.

    Raises:
        ConfigurationError: It, or the key file that it names, can't be read.
    """
    settings = None if config is None else load_reach(config)
    return auditor_of(settings) if isinstance(settings, AuditorSettings) else None


@click.group(cls=CommandGroup)
def paper() -> None:
    """Papers of audits: whose signature lies beside a file."""


@paper.command(cls=CliCommand)
@click.argument("files", type=FILE, nargs=-1, required=True)
@trust_options
@json_option(list[PaperSignatureForm])
def verify(
    files: tuple[Path, ...],
    pinned: Pinned,
    trust: Path | None,
    bootstrap: str | None,
    config: Path | None,
    wants_json: bool,
) -> int:
    """Verifies the signatures beside FILES, each in FILE.sig, and says whose they are.

    A key counts if it is one of the auditor's own, of --config, or if a certificate names it: of
    the documents in --trust, or on the log.

    Exit code 0: all are good. 1: one is not. 2: one could not be read.
    """
    signed = [(path, *_signed(path)) for path in files]
    own = configured_auditor(config)
    directory: TrustedDirectory | None = None
    basis = TrustBasis(pinned, trust, Kafka(bootstrap, config))
    foreign = [
        path
        for path, data, seal in signed
        if own is None or not own.has_signed(AuditDocument.REPORT, data, seal)
    ]
    if foreign:
        directory = basis.any_directory()
    verdicts = [
        PaperSignatureForm(
            file=str(path),
            auditor=seal.auditor,
            key=seal.key.hex(),
            by="its own key" if path not in foreign else _owner(data, seal, directory),
        )
        for path, data, seal in signed
    ]
    if wants_json:
        terminal.json(verdicts)
    for verdict in [] if wants_json else verdicts:
        if verdict.by is None:
            terminal.line(f"{verdict.file}: NOT SIGNED by {verdict.auditor}, as its signature says")
        else:
            terminal.line(f"{verdict.file}: signed by {verdict.auditor}, {verdict.by}")
    return Exit.OK if all(verdict.by for verdict in verdicts) else Exit.CHECK_FAILED


def _owner(data: bytes, seal: AuditSignature, directory: TrustedDirectory | None) -> str | None:
    """By what the key counts; ``None``: the signature is not the auditor's."""
    if directory is None or not is_signed_by_key(AuditDocument.REPORT, data, seal):
        return None
    for certified in directory.certificates(seal.auditor):
        if certified.certificate.signing_key == seal.key:
            return f"certificate {certified.tag.hex()}"
    return None


def _signed(path: Path) -> tuple[bytes, AuditSignature]:
    data = read_input(path, "Name a paper that an audit has written.")
    beside = path.with_name(path.name + _SUFFIX)
    todo = "Take the file of the signature from whoever made the paper, too."
    text = read_input(beside, todo, _LONGEST_SIGNATURE)
    try:
        return data, AUDIT_SIGNATURE.decode(from_hex(text.decode("ascii", "replace").strip()))
    except WireError as error:
        raise CliError(str(beside), f"is no signature ({error.detail})", todo=todo) from error
