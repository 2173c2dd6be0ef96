"""Every vector gives what it expects, and the files are what the generator makes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from blo_domain.heartbeats import HeartbeatOrder, order_heartbeats
from blo_projection.link_chain import AdmittedRecord, LinkChain
from blo_schemas.content import CONTENT
from blo_schemas.errors import WireError
from blo_schemas.event import ENVELOPE, HEADER, LogRecord
from blo_schemas.grants import CASE_GRANT, GRANT, KeyPurpose
from blo_schemas.heads import HEAD, SIGNED_HEAD
from blo_schemas.heartbeats import HEARTBEAT, SIGNED_HEARTBEAT
from blo_schemas.ids import CertificateTag, FileId, LinkId, OfficeId
from blo_schemas.summary import SUMMARY
from blo_schemas.verdicts import Verdict
from blo_sealing.errors import GrantNotForYou, SealingError, WrongGrant
from blo_sealing.event_parts import (
    EventPart,
    derive_part_key,
    open_content,
    open_summary,
    open_with_part_key,
    summary_verdict,
)
from blo_sealing.files import SealedFile, derive_file_key, open_chunk_record
from blo_sealing.grants import open_grant
from blo_sealing.kem import KemKey
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.signatures import check_signing_key, fingerprint
from blo_sealing.statements import HEAD_STATEMENT, HEARTBEAT_STATEMENT
from tests.vectors import generate
from tests.vectors.material import Json, TableTrust

HERE = Path(__file__).parent


def _load(folder: str) -> list[Json]:
    found = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(HERE.glob(f"{folder}/*.json"))
    ]
    return [vector for vector in found if vector["kind"] in generate.KINDS]


def _name(verdict: Verdict | None) -> str:
    if verdict is None:
        return "accepted"
    return verdict.reason.value if verdict.reason else verdict.outcome.value


def _value(given: str | Json) -> bytes:
    if isinstance(given, str):
        return bytes.fromhex(given)
    return bytes.fromhex(given["repeat"]) * int(given["times"])


def _judge(
    chain: LinkChain, record: LogRecord, keys: Mapping[bytes, SummaryKey]
) -> tuple[str, AdmittedRecord]:
    admitted = chain.admit(record)
    verdict = admitted.verdict
    if verdict is None and admitted.header and admitted.envelope:
        key = keys.get(admitted.header.summary_key)
        if key is not None:
            try:
                open_summary(chain.link, admitted.header, admitted.envelope, key)
            except (WireError, SealingError) as error:
                verdict = summary_verdict(error)
    return _name(verdict), admitted


def _run_record(given: Json) -> Json:
    chain = LinkChain(LinkId(given["link"]), TableTrust(given["trust"]))
    keys: dict[bytes, SummaryKey] = {
        key.id: key for key in map(SummaryKey, map(bytes.fromhex, given.get("summary_keys", [])))
    }
    verdicts, ids = [], []
    for position, record in enumerate(given["records"]):
        verdict, admitted = _judge(
            chain, LogRecord(position, record["log_time"], _value(record["value"])), keys
        )
        verdicts.append(verdict)
        if admitted.chained and admitted.event is not None:
            ids.append(admitted.event.hex())
    return {
        "verdict": verdicts[-1],
        "verdicts": verdicts,
        "ids": sorted(ids),
        "log_hash": chain.log_hash.hex(),
        "tree_root": chain.tree_root().hex(),
    }


def _run_part(given: Json) -> Json:
    link, secret = LinkId(given["link"]), bytes.fromhex(given["key"])
    envelope = ENVELOPE.decode(bytes.fromhex(given["value"]))
    header = HEADER.decode(envelope.header)
    part = EventPart[given["part"].upper()]
    if part is EventPart.SUMMARY:
        open_summary(link, header, envelope, SummaryKey(secret))
    else:
        open_content(link, header, envelope, ContentKey(secret))
    part_key = derive_part_key(part, link, header, secret)
    plain = open_with_part_key(part, link, envelope, part_key)
    (SUMMARY if part is EventPart.SUMMARY else CONTENT).decode(plain)
    return {"plaintext": plain.hex(), "part_key": part_key.hex()}


def _run_grant(given: Json) -> Json:
    grant = GRANT.decode(bytes.fromhex(given["value"]))
    reader = (
        LinkId(given["link"]),
        OfficeId(given["recipient"]),
        CertificateTag(bytes.fromhex(given["recipient_kid"])),
        KemKey(bytes.fromhex(given["kem_private"])),
    )
    if grant.purpose is not KeyPurpose[given["purpose"].upper()]:
        raise WrongGrant(f"the grant is of a {grant.purpose.name} key")
    return {"key": open_grant(grant, *reader).secret.hex()}


def _run_case_grant(given: Json) -> Json:
    granted = CASE_GRANT.decode(bytes.fromhex(given["value"]))
    recipient = OfficeId(given["recipient"])
    grant = granted.grant_to(recipient)
    if grant is None:
        raise GrantNotForYou(f"{recipient} is no recipient")
    tag = CertificateTag(bytes.fromhex(given["recipient_kid"]))
    kem = KemKey(bytes.fromhex(given["kem_private"]))
    return {"key": open_grant(grant, LinkId(given["link"]), recipient, tag, kem).secret.hex()}


def _run_head(given: Json) -> Json:
    signed = SIGNED_HEAD.decode(bytes.fromhex(given["value"]))
    head = HEAD.decode(signed.head)
    if [head.link, head.office, head.kid.hex()] != [given["link"], given["office"], given["kid"]]:
        return {"error": "head_not_as_asked"}
    key = bytes.fromhex(given["signing_key"])
    HEAD_STATEMENT.verify(signed.head, signed.signature, key)
    if given["log"][str(head.size)] != head.log_hash.hex():
        return {"error": "head_mismatch"}
    return {"size": head.size, "log_hash": head.log_hash.hex()}


def _run_heartbeat(given: Json) -> Json:
    signed = SIGNED_HEARTBEAT.decode(bytes.fromhex(given["value"]))
    read = HEARTBEAT.decode(signed.heartbeat)
    wanted = [given["corridor"], given["office"], given["kid"]]
    if [read.corridor, read.office, read.kid.hex()] != wanted:
        return {"error": "heartbeat_not_as_asked"}
    key = bytes.fromhex(given["signing_key"])
    HEARTBEAT_STATEMENT.verify(signed.heartbeat, signed.signature, key)
    if given["before"] is not None:
        before = msgspec.structs.replace(read, count=given["before"])
        if order_heartbeats(before, read) is not HeartbeatOrder.REPLACES:
            return {"error": "heartbeat_older"}
    return {"count": read.count, "at": read.at}


def _run_file_chunk(given: Json) -> Json:
    case = ContentKey(bytes.fromhex(given["case_key"]))
    named = SealedFile(
        LinkId(given["link"]),
        case.id,
        FileId(bytes.fromhex(given["file"])),
        given["size"],
        bytes.fromhex(given["sha256"]),
    )
    file_key = derive_file_key(named, case)
    plain = open_chunk_record(named, file_key, bytes.fromhex(given["key"]), _value(given["value"]))
    return {"plaintext": plain.hex(), "file_key": file_key.hex()}


def _run_key(given: Json) -> Json:
    key = bytes.fromhex(given["signing_key"])
    check_signing_key(key)
    return {"fingerprint": fingerprint(key)}


RUNNERS: dict[str, Callable[[Json], Json]] = {
    "record": _run_record,
    "part": _run_part,
    "grant": _run_grant,
    "case_grant": _run_case_grant,
    "head": _run_head,
    "heartbeat": _run_heartbeat,
    "file_chunk": _run_file_chunk,
    "key": _run_key,
}


@pytest.mark.parametrize(
    "vector", [*_load("accept"), *_load("reject")], ids=lambda vector: str(vector["name"])
)
def test_a_vector_gives_what_it_expects(vector: Json) -> None:
    try:
        found = RUNNERS[vector["kind"]](vector["given"])
    except (WireError, SealingError) as error:
        found = {"error": error.defect}
    expected = vector["expect"]
    assert {name: found.get(name) for name in expected} == expected
    if vector["kind"] == "record":
        before = expected.get(
            "verdicts", [*["accepted"] * (len(found["verdicts"]) - 1), found["verdict"]]
        )
        assert found["verdicts"] == before


def test_no_rejected_vector_is_accepted_and_the_other_way_round() -> None:
    for vector in _load("reject"):
        assert vector["expect"].get("verdict") != "accepted"
        assert {"verdict", "error"} & set(vector["expect"])
    for vector in _load("accept"):
        assert vector["expect"].get("verdict", "accepted") == "accepted"
        assert "error" not in vector["expect"]


def test_the_files_are_what_the_generator_makes() -> None:
    made = dict(generate.vectors())
    for path, vector in made.items():
        assert path.read_text(encoding="utf-8") == generate.text(vector), path.name
    files = {
        path
        for path in HERE.glob("*/*.json")
        if json.loads(path.read_text())["kind"] in generate.KINDS
    }
    assert files == set(made)


def test_every_file_is_named_as_its_vector() -> None:
    for path in HERE.glob("*/*.json"):
        assert json.loads(path.read_text())["name"] == path.stem
