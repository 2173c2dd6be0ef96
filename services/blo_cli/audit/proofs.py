"""``blo audit proof``: proofs as text, checked with nothing but the keys that one trusts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from shlex import quote

import click

from blo_audit.record_proof import RecordProof, prove_record
from blo_cli import terminal
from blo_cli.audit.json_forms import ProofForm
from blo_cli.audit.options import Pinned, Reach, reach_options
from blo_cli.commands import CliCommand, CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.file_access import check_output, read_input, write_output
from blo_cli.parameters import FILE, HEX32, LINE, LINK, json_option, replace_option
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE
from blo_schemas.hashes import event_id, leaf_hash
from blo_schemas.ids import LinkId
from blo_schemas.instants import LAST_INSTANT, local
from blo_schemas.texts import from_hex
from blo_sealing.errors import (
    InvalidSignature,
    MalformedNote,
    OtherCheckpoint,
    ProofFailed,
    UnsignedNote,
)
from blo_sealing.tlog import (
    Checkpoint,
    NoteKey,
    SignedCheckpoint,
    VerifiedNote,
    is_consistency,
    is_inclusion,
    link_of,
    parse_checkpoint,
    parse_consistency,
    parse_inclusion,
    parse_vkey,
    read_receipt,
    vkey_of,
)

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_TODO = "Name a file that can be read."
_NOT_PROVED = (InvalidSignature, OtherCheckpoint, ProofFailed, UnsignedNote)


@click.group(cls=CommandGroup)
def proof() -> None:
    """Proofs that a record is in a log, or that a log continues another."""


@proof.command()
@click.argument("files", type=_FILE, nargs=-1, required=True)
@click.option(
    "--key", "keys", type=LINE, multiple=True, help="A verifier key, name+id+key; repeat it."
)
@click.option("--keys", "key_file", type=_FILE, help="A file with verifier keys, one a line.")
@click.option(
    "--origin", type=LINE, required=True, help="The log, as blo-exchange/la-vn/vn-a~la-b."
)
@click.option("--record", type=_FILE, help="The record's value, for a proof of inclusion.")
@click.option("--leaf", type=HEX32, help="The record's leaf hash in hex, instead of the record.")
@click.option("--earlier", type=_FILE, help="The earlier checkpoint, for a proof of consistency.")
@click.option(
    "--qr", "scanned", is_flag=True, help="FILES are texts scanned from the QR codes of papers."
)
@json_option(list[ProofForm])
def verify(
    files: tuple[Path, ...],
    keys: tuple[str, ...],
    key_file: Path | None,
    origin: str,
    record: Path | None,
    leaf: str | None,
    earlier: Path | None,
    scanned: bool,
    wants_json: bool,
) -> int:
    """Checks proofs and checkpoints in FILES, without network, and says what they prove.

    A receipt that was scanned from a paper's QR code (--qr) says itself which record it is about;
    with --record it is also held to the record, whose event it names.

    Every key that is given must have signed every checkpoint. Ends with 0 if all is proved, 1 if
    something is not.
    """
    known = _keys(keys, key_file)
    leaf_value = _leaf(record, leaf)
    value = None if record is None else read_input(record, _TODO)
    results = []
    for path in files:
        try:
            if scanned:
                says = _receipt_proved(path, known, origin, leaf_value, value)
            else:
                says = _proved(path, known, origin, leaf_value, earlier)
            results.append(ProofForm(str(path), proved=True, says=says))
        except _NOT_PROVED as error:
            results.append(ProofForm(str(path), proved=False, says=[f"NOT PROVED: {error}"]))
        except MalformedNote as error:
            raise CliError(
                str(path), str(error), todo="Copy the file again from whoever made it."
            ) from error
    if wants_json:
        terminal.json(results)
    for result in () if wants_json else results:
        terminal.lines(f"{Path(result.file).name}: {sentence}" for sentence in result.says)
    return Exit.OK if all(result.proved for result in results) else Exit.CHECK_FAILED


@proof.command(cls=CliCommand)
@click.argument("output", type=FILE)
@click.option("--link", required=True, type=LINK, help="The link.")
@click.option("--position", type=click.IntRange(min=0), help="The record's position.")
@click.option("--event", type=HEX32, help="Instead: the id of its event in hex.")
@replace_option
@reach_options
def make(
    output: Path,
    link: str,
    position: int | None,
    event: str | None,
    replace: bool,
    config: Path | None,
    bootstrap: str | None,
    pinned: Pinned,
) -> int:
    """Proves one record: writes the proof with its checkpoint to the new file OUTPUT.

    Beside it, in OUTPUT.keys, the verifier keys of those who have signed the checkpoint, and in
    OUTPUT.record the record, sealed as it lies in the log. Whoever verifies takes the keys from
    a source that he trusts, or compares them.
    """
    wanted = position if event is None else from_hex(event)
    if wanted is None or (position is not None and event is not None):
        raise click.UsageError("which record? Say --position or --event")
    beside = {name: output.with_name(f"{output.name}.{name}") for name in ("keys", "record")}
    for path in (output, *beside.values()):
        check_output(path, replace=replace)
    made = asyncio.run(_make(Reach(config, bootstrap, pinned), LinkId(link), wanted))
    keys = "".join(f"{vkey_of(key)}\n" for key in made.keys)
    write_output(output, made.proof.encode(), replace=replace)
    write_output(beside["keys"], keys.encode(), replace=replace)
    write_output(beside["record"], made.record, replace=replace)
    tree = made.proof.checkpoint.checkpoint
    signers = ", ".join(key.name for key in made.keys)
    terminal.line(f"{output}: record {made.proof.index} of {tree.size}, signed by {signers}")
    terminal.line(
        f"Verify it: blo audit proof verify {quote(str(output))} --origin {tree.origin} "
        f"--keys {quote(str(beside['keys']))} --record {quote(str(beside['record']))}"
    )
    return Exit.OK


async def _make(reach: Reach, link: LinkId, wanted: int | bytes) -> RecordProof:
    pins = reach.pins
    source = reach.source()
    try:
        return await prove_record(source, pins, link, wanted)
    finally:
        await source.close()


def _proved(
    path: Path, known: list[NoteKey], origin: str, leaf: bytes | None, earlier: Path | None
) -> list[str]:
    data = read_input(path, _TODO)
    if is_inclusion(data):
        inclusion = parse_inclusion(data)
        signers = _signed(inclusion.checkpoint, known, origin)
        if leaf is None:
            raise CliError(
                str(path), "does not say which record it is about", todo="Give --record or --leaf."
            )
        inclusion.verify(leaf)
        tree = inclusion.checkpoint.checkpoint
        words = (
            f"proved: the record with leaf hash {leaf.hex()} stands at position "
            f"{inclusion.index} of the {tree.size} records of {tree.origin}"
        )
        return [*signers, words]
    if is_consistency(data):
        consistency = parse_consistency(data)
        signers = _signed(consistency.checkpoint, known, origin)
        if earlier is None:
            raise CliError(
                str(path), "does not hold the earlier checkpoint", todo="Give it with --earlier."
            )
        first = parse_checkpoint(read_input(earlier, _TODO))
        before = _signed(first, known, origin)
        consistency.verify(first.checkpoint)
        tree = consistency.checkpoint.checkpoint
        words = (
            f"proved: the {tree.size} records of {tree.origin} begin with the "
            f"{first.checkpoint.size} of the earlier checkpoint; none was changed or removed"
        )
        return [*(f"earlier: {line}" for line in before), *signers, words]
    return _signed(parse_checkpoint(data), known, origin)


def _receipt_proved(
    path: Path, known: list[NoteKey], origin: str, leaf: bytes | None, record: bytes | None
) -> list[str]:
    receipt = read_receipt(read_input(path, _TODO).decode("ascii", "replace"))
    if receipt.origin != origin:
        raise OtherCheckpoint(f"the receipt is of {receipt.origin}, not of {origin}")
    signers = receipt.verify(known)
    missing = sorted(key.name for key in set(known) - {signer.key for signer in signers})
    if missing:
        raise UnsignedNote(f"the receipt's checkpoint is not signed by {', '.join(missing)}")
    if leaf not in (None, receipt.leaf):
        raise ProofFailed("the receipt is about another record than the one that was given")
    tree = receipt.checkpoint
    says = [
        f"checkpoint of {tree.origin}: {tree.size} records, root {tree.root.hex()}",
        *map(_signer_words, signers),
        (
            f"proved: the record with leaf hash {receipt.leaf.hex()} stands at position "
            f"{receipt.position} of the {receipt.size} records of {tree.origin}"
        ),
    ]
    if record is None:
        return [
            *says,
            (
                f"the receipt names event {receipt.event.hex()}; that this is the record's event is "
                "not proved without the record: give it with --record"
            ),
        ]
    _, link = link_of(origin)
    try:
        event = event_id(link, ENVELOPE.decode(record).header)
    except WireError as error:
        raise ProofFailed(f"the record has no event ({error})") from error
    if event != receipt.event:
        raise ProofFailed(
            f"the record's event is not {receipt.event.hex()}, which the receipt names"
        )
    return [*says, f"proved: its event is {receipt.event.hex()}"]


def _signed(signed: SignedCheckpoint, known: list[NoteKey], origin: str) -> list[str]:
    """Whose signatures are good, in words; all that are asked for must be there."""
    tree: Checkpoint = signed.checkpoint
    if tree.origin != origin:
        raise OtherCheckpoint(f"the checkpoint is of {tree.origin}, not of {origin}")
    signers = signed.verify(known)
    missing = sorted(key.name for key in set(known) - {signer.key for signer in signers})
    if missing:
        raise UnsignedNote(f"the checkpoint is not signed by {', '.join(missing)}")
    lines = [f"checkpoint of {tree.origin}: {tree.size} records, root {tree.root.hex()}"]
    return [*lines, *map(_signer_words, signers)]


def _signer_words(signer: VerifiedNote) -> str:
    when = "issued it" if signer.time is None else f"cosigned it on {_moment(signer.time)}"
    return f"{signer.key.name} {when}"


def _moment(seconds: int) -> str:
    if 0 <= seconds * 1000 <= LAST_INSTANT:
        return f"{local(seconds * 1000):%Y-%m-%d %H:%M:%S} UTC"
    return f"second {seconds} of Unix time"


def _keys(given: tuple[str, ...], key_file: Path | None) -> list[NoteKey]:
    lines = [*given]
    if key_file is not None:
        lines += [
            line.strip()
            for line in read_input(key_file, _TODO).decode("utf-8", "replace").splitlines()
        ]
    verifiers = [parse_vkey(line) for line in lines if line]
    if not verifiers:
        raise CliError(
            "--key", "no key is given", todo="Give the keys of those whose word you take."
        )
    return verifiers


def _leaf(record: Path | None, leaf: str | None) -> bytes | None:
    if record is not None and leaf is not None:
        raise CliError("--leaf", "is given beside --record", todo="Give one of them.")
    if record is not None:
        return leaf_hash(read_input(record, _TODO))
    return None if leaf is None else from_hex(leaf)
