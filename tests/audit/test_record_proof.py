"""The proof of one record, made from the log, and verified with the file and the keys alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from blo_audit.errors import NoProof
from blo_audit.record_proof import prove_record
from blo_cli.audit.options import Reach
from blo_cli.main import run
from blo_schemas.event import ENVELOPE
from blo_schemas.hashes import event_id, leaf_hash
from blo_schemas.ids import LinkId
from tests.agents.world import LINK, A
from tests.audit.bundling import WITNESS, Corpus
from tests.audit.exhibits import Exhibit

CORPUS = Corpus()
SIZE = len(CORPUS.records) - 2


def log(**changes: Any) -> Exhibit:
    """The corpus as a source, with a checkpoint over all records but the last two."""
    fields: dict[str, Any] = {
        "records_": {LINK: list(CORPUS.records)},
        "heads_": {LINK: [CORPUS.checkpoint(SIZE)]},
    }
    return Exhibit(CORPUS.world.pins, list(CORPUS.world.documents), **fields | changes)


def prove(source: Exhibit, wanted: int | bytes, link: LinkId = LINK) -> Any:
    return asyncio.run(prove_record(source, source.pins, link, wanted))


def test_a_record_is_proved_by_its_position_and_by_its_event() -> None:
    record = CORPUS.records[3].value
    made = prove(log(), 3)
    assert made.record == record
    made.proof.verify(leaf_hash(record))
    assert {key.name for key in made.keys} == {WITNESS, "vn-a", "la-b"}
    assert prove(log(), event_id(LINK, ENVELOPE.decode(record).header)) == made


@pytest.mark.parametrize(
    ("source", "wanted", "words"),
    [
        (log(), SIZE, "lies behind the newest checkpoint"),
        (log(), 10_000, "has no such record"),
        (log(), b"\0" * 32, "has no such record"),
        (log(heads_={LINK: []}), 3, "no checkpoint"),
        (log(heads_={LINK: [CORPUS.checkpoint(SIZE, (WITNESS, A))]}), 3, "no checkpoint"),
        (log(records_={LINK: CORPUS.records[:2]}), 1, "not those of the checkpoint"),
        (log(records_={LINK: CORPUS.records[1:]}), 3, "has a hole at 0"),
        (
            log(
                records_={
                    LINK: [
                        msgspec.structs.replace(CORPUS.records[0], value=b"x"),
                        *CORPUS.records[1:],
                    ]
                }
            ),
            3,
            "not those of the checkpoint",
        ),
    ],
)
def test_what_is_not_there_is_not_proved(source: Exhibit, wanted: int | bytes, words: str) -> None:
    with pytest.raises(NoProof, match=words):
        prove(source, wanted)


def test_a_link_that_nobody_agreed_on_is_told() -> None:
    with pytest.raises(NoProof, match="no agreement that counts names vn-x~la-y"):
        prove(log(), 3, LinkId("vn-x~la-y"))


def test_what_the_command_makes_is_what_verify_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Reach, "source", lambda _: log())
    pins = [f"--pin={country}={pin.hex()}" for country, pin in CORPUS.world.pins.items()]
    output = tmp_path / "record 3"
    command = ["audit", "proof", "make", str(output), "--link", LINK, *pins]
    assert run([*command, "--position", "3"]) == 0
    told = capsys.readouterr().out
    assert f"record 3 of {SIZE}, signed by" in told
    verify = ["--origin", "blo-exchange/la-vn/vn-a~la-b", "--keys", f"{output}.keys"]
    record = ["--record", f"{output}.record"]
    assert run(["audit", "proof", "verify", str(output), *verify, *record]) == 0
    assert f"stands at position 3 of the {SIZE} records" in capsys.readouterr().out
    Path(f"{output}.record").write_bytes(b"another")
    assert run(["audit", "proof", "verify", str(output), *verify, *record]) == 1
    assert run([*command, "--position", "3"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert run([*command, "--position", "3", "--event", "00" * 32]) == 2
    assert run([*command, "--position", str(SIZE), "--replace"]) == 2
    assert "wait for the next one" in capsys.readouterr().err
