"""Scenes in which the commands of trust print what strangers wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from blo_cli.file_access import write_output
from blo_cli.setup import country, link
from blo_cli.trust import directory, verdicts
from blo_cli.trust.files import RequestFile
from blo_cli.trust.specs import AgreementSpec
from blo_schemas.trust import (
    SIGNED_DOCUMENT,
    Certificate,
    DatedText,
    DocumentSignature,
    Role,
    Root,
    SignedDocument,
)
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import SigningKey
from blo_sealing.statements import sign_document
from tests.unit.cli.filled import NUMBER


def judged(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    verdict = verdicts.DocumentVerdict(Path(text), None, text, text, text)
    judgement = verdicts.Judgement(None, [verdict])  # type: ignore[arg-type]
    patch.setattr(verdicts, "judge", lambda *_: judgement)
    return [str(folder), "--pin", f"vn={'0' * 64}"]


def fetched(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    async def nothing(_: object) -> list[SignedDocument]:
        return []

    patch.setattr(directory, "_fetch", nothing)
    return [*judged(patch, folder, text), "--bootstrap", "127.0.0.1:9092"]


def fingerprinted(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    return shown(patch, folder, text)[:1]


def admitted(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    """A request from a stranger, whose subject is anything."""
    made = SigningKey(b"\1" * 32)
    keys, documents = folder / "keys", folder / "documents"
    keys.mkdir(exist_ok=True)
    documents.mkdir(exist_ok=True)
    write_output(keys / "vn-root-1.key", made.seed.hex().encode(), private=True, replace=True)
    root = Root(
        country="vn",  # type: ignore[arg-type]
        version=1,
        keys=(made.public,),
        threshold=1,
        not_before=0,
        not_after=NUMBER,
    )
    signed = SIGNED_DOCUMENT.encode(sign_document(root, [made]))
    patch.setattr(country, "country_of", lambda _: "vn")
    patch.setattr(country, "check_output", lambda *_: None)
    patch.setattr(country, "write_output", lambda *_: None)
    (documents / "vn-root.blo").write_bytes(signed)
    subject = text.encode("utf-8", "ignore").decode()
    request = folder / "request.json"
    request.write_bytes(RequestFile(subject, made.public.hex()).to_json())
    return [str(folder), str(request), "--role", "witness", "--yes"]


def accepted(patch: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    """A proposal from a stranger, whose words are anything."""
    path = folder / "given.blo"
    patch.setattr(link, "load", lambda *_: SimpleNamespace(office="la-b"))
    patch.setattr(link, "sign_document", lambda _, signed: signed)
    words = text.encode("utf-8", "ignore").decode()
    agreement = msgspec.structs.replace(
        AgreementSpec(
            link="la-b~vn-a",
            partition=0,
            offices=("la-b", "vn-a"),
            effective_from=datetime(2025, 1, 1, tzinfo=UTC),
        ).document(),
        working_marking=words,
        observers=(words,),
    )
    path.write_bytes(SIGNED_DOCUMENT.encode(sign_document(agreement, [])))
    return [str(path), "--config", str(path), "--yes", "--zone", "UTC"]


def shown(_: pytest.MonkeyPatch, folder: Path, text: str) -> list[str]:
    """A certificate whose name tells a lie, as a file that anybody may have made."""
    keys = NodeKeys.generate(lambda size: b"\7" * size)
    signer = SigningKey(b"\1" * 32)
    certificate = Certificate(
        country="la",  # type: ignore[arg-type]
        subject="la-b",  # type: ignore[arg-type]
        role=Role.OFFICE,
        names=(DatedText(text=text.encode("utf-8", "ignore").decode()),),
        signing_key=keys.signing.public,
        kem_key=keys.kem.public,
        not_before=0,
        not_after=NUMBER,
    )
    signed = sign_document(certificate, [signer])
    assert isinstance(signed.signatures[0], DocumentSignature)
    path = folder / "given.blo"
    path.write_bytes(SIGNED_DOCUMENT.encode(signed))
    return [str(path), "--zone", "Asia/Vientiane"]
