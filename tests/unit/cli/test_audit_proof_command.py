"""``blo audit proof verify``: what is proved is said in words, what is not ends with 1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blo_cli.main import run
from blo_schemas.event import ENVELOPE
from blo_schemas.hashes import event_id, leaf_hash
from blo_schemas.ids import EventId
from blo_sealing.signatures import SigningKey
from blo_sealing.tlog import (
    Checkpoint,
    InclusionProof,
    NoteKey,
    SignatureType,
    parse_inclusion,
    receipt_of,
    sign_checkpoint,
    vkey_of,
)
from tests.unit.sealing.tlog_samples import (
    CONSISTENCY,
    INCLUSION,
    LEAVES,
    LINK,
    MERGED,
    ORIGIN,
    VKEYS,
    WITNESS,
    WITNESS_KEY,
    checkpoint,
    merged,
)

STRANGER = vkey_of(
    NoteKey("vn-stranger", SignatureType.ED25519, SigningKey(bytes([9]) * 32).public)
)
ALL_KEYS = [word for key in VKEYS for word in ("--key", key)]


def sealed_record() -> bytes:
    """A record that an office wrote, out of the vectors."""
    path = Path(__file__).parents[2] / "vectors/accept/five_events_of_two_offices.json"
    return bytes.fromhex(json.loads(path.read_text("utf-8"))["given"]["records"][0]["value"])


class Desk:
    """A folder with files, and the command in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def verify(self, *arguments: object, code: int = 0) -> str:
        found = run(["audit", "proof", "verify", "--origin", ORIGIN, *map(str, arguments)])
        captured = self._capsys.readouterr()
        said = captured.out + captured.err
        assert found == code, said
        assert "Traceback" not in said
        return said


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_an_inclusion_proof_is_told_in_words(desk: Desk) -> None:
    proof = desk.file("a.tlog-proof", INCLUSION)
    record = desk.file("record", bytes([5]) * 5)
    said = desk.verify(proof, *ALL_KEYS, "--record", record)
    assert "vn-witness issued it" in said
    assert "vn-kyson cosigned it on 2025-02-19 21:20:00 UTC" in said
    assert "stands at position 5 of the 7 records" in said
    assert said == desk.verify(proof, *ALL_KEYS, "--leaf", LEAVES[5].hex())
    keys = desk.file("keys", "\n".join(VKEYS) + "\n")
    assert said == desk.verify(proof, "--keys", keys, "--record", record)


def test_a_consistency_proof_needs_both_checkpoints(desk: Desk) -> None:
    proof = desk.file("c.txt", CONSISTENCY)
    earlier = desk.file("earlier", merged(3).encode())
    said = desk.verify(proof, *ALL_KEYS, "--earlier", earlier)
    assert "the 7 records of blo-exchange/la-vn/vn-kyson~la-xiengkhouang begin with the 3" in said
    assert "Give it with --earlier" in desk.verify(proof, *ALL_KEYS, code=2)
    half = desk.file("half", sign_checkpoint(checkpoint(3), WITNESS, WITNESS_KEY).encode())
    assert "not signed by la-xiengkhouang, vn-kyson" in desk.verify(
        proof, *ALL_KEYS, "--earlier", half, code=1
    )
    desk.verify(proof, "--key", VKEYS[0], "--earlier", half)
    other = desk.file("other", merged(4).encode())
    assert "NOT PROVED" in desk.verify(proof, *ALL_KEYS, "--earlier", other, code=1)


def test_a_checkpoint_alone_is_checked_too(desk: Desk) -> None:
    said = desk.verify(desk.file("checkpoint", MERGED), *ALL_KEYS)
    assert "7 records, root b0cc4f00cd89333e" in said


def test_what_is_not_proved_ends_with_1_and_says_why(desk: Desk) -> None:
    proof = desk.file("a.tlog-proof", INCLUSION)
    leaf = ["--leaf", LEAVES[5].hex()]
    cases = [
        ([proof, *ALL_KEYS, "--leaf", LEAVES[4].hex()], "leaf 5 is not in the tree"),
        ([desk.file("b", INCLUSION.replace("index 5", "index 6")), *ALL_KEYS, *leaf], "NOT PROVED"),
        ([desk.file("d", INCLUSION.replace("\n7\n", "\n8\n")), *ALL_KEYS, *leaf], "not good"),
        ([desk.file("e", MERGED.replace("la-vn", "cn-vn")), *ALL_KEYS], "is of blo-exchange/cn-vn"),
    ]
    for arguments, words in cases:
        assert words in desk.verify(*arguments, code=1)
    unsigned = desk.file("f", sign_checkpoint(checkpoint(7), WITNESS, WITNESS_KEY).encode())
    assert "none of the known keys" in desk.verify(unsigned, *ALL_KEYS[2:], code=1)


def test_one_bad_file_among_good_ones_ends_with_1(desk: Desk) -> None:
    good = desk.file("good", MERGED)
    bad = desk.file("bad", MERGED.replace("\n7\n", "\n6\n"))
    said = desk.verify(good, bad, *ALL_KEYS, code=1)
    assert "good: checkpoint of" in said
    assert "bad: NOT PROVED" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no key is given"),
        (["--key", "rubbish"], "not a verifier key"),
        ([*ALL_KEYS], "Give --record or --leaf"),
        ([*ALL_KEYS, "--leaf", "xyz"], "is not 64 hexadecimal digits"),
        ([*ALL_KEYS, "--leaf", "00" * 32, "--record", "{proof}"], "Give one of them"),
    ],
)
def test_a_call_that_makes_no_sense_ends_with_2(
    desk: Desk, arguments: list[str], words: str
) -> None:
    proof = desk.file("a.tlog-proof", INCLUSION)
    given = [one.replace("{proof}", str(proof)) for one in arguments]
    assert words in desk.verify(proof, *given, code=2)


def test_a_file_that_is_no_proof_ends_with_2(desk: Desk) -> None:
    said = desk.verify(desk.file("x", "hello\n"), *ALL_KEYS, code=2)
    assert "Copy the file again" in said


def test_a_receipt_scanned_from_paper_is_checked(desk: Desk) -> None:
    receipt = receipt_of(EventId(bytes(32)), LEAVES[5], parse_inclusion(INCLUSION.encode()))
    scanned = desk.file("scanned.txt", receipt.letters() + "\n")
    said = desk.verify(scanned, "--qr", *ALL_KEYS)
    assert "vn-witness issued it" in said
    assert "vn-kyson cosigned it on 2025-02-19 21:20:00 UTC" in said
    assert "stands at position 5 of the 7 records" in said
    assert "not proved without the record" in said
    strange = desk.file("record", bytes([5]) * 5)
    assert "NOT PROVED: the record has no event" in desk.verify(
        scanned, "--qr", *ALL_KEYS, "--record", strange, code=1
    )
    other = desk.file("other", bytes([4]) * 4)
    assert "about another record" in desk.verify(
        scanned, "--qr", *ALL_KEYS, "--record", other, code=1
    )
    assert "not signed by" in desk.verify(scanned, "--qr", *ALL_KEYS, "--key", STRANGER, code=1)


def test_a_receipt_is_held_to_the_event_of_its_record(desk: Desk) -> None:
    record = sealed_record()
    leaf = leaf_hash(record)
    tree = Checkpoint(ORIGIN, 1, leaf)
    signed = sign_checkpoint(tree, WITNESS, WITNESS_KEY)
    event = event_id(LINK, ENVELOPE.decode(record).header)
    value = desk.file("record", record)
    for named, code, words in ((event, 0, "proved: its event is"), (bytes(32), 1, "is not 0000")):
        receipt = receipt_of(EventId(named), leaf, InclusionProof(0, (), signed))
        scanned = desk.file("scanned.txt", receipt.letters())
        said = desk.verify(scanned, "--qr", "--key", VKEYS[0], "--record", value, code=code)
        assert words in said


@pytest.mark.parametrize("text", ["", "lower case", "A" * 5000, "0" * 90, "\xff\xfe"])
def test_what_was_scanned_wrongly_is_told(desk: Desk, text: str) -> None:
    scanned = desk.file("scanned.txt", text.encode("latin-1"))
    assert "Copy the file again" in desk.verify(scanned, "--qr", *ALL_KEYS, code=2)
