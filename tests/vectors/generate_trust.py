"""Writes the ``document`` vectors: ``python -m tests.vectors.generate_trust``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from blo_schemas.codec import encode
from blo_schemas.hashes import document_id
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.trust import SignedDocument
from tests.unit.trust.documents import (
    LA,
    LINK,
    START,
    VN,
    VN_A,
    YEAR,
    agreement,
    basis,
    certificate,
    entry,
    key,
    pins,
    revocation,
    root,
)
from tests.vectors.generate import text
from tests.vectors.material import Json
from tests.vectors.trust_cases import RIVAL, cases

HERE = Path(__file__).parent
KIND = "document"


def _vector(
    name: str,
    what: str,
    last: SignedDocument,
    expect: Json,
    *,
    before: Sequence[SignedDocument] | None = None,
    pinned: Mapping[CountryId, DocumentId] | None = None,
) -> Json:
    documents = [*(basis() if before is None else before), last]
    fingerprints = pins(VN, LA) if pinned is None else pinned
    return {
        "name": name,
        "what": what,
        "kind": KIND,
        "given": {
            "pins": {country: fingerprint.hex() for country, fingerprint in fingerprints.items()},
            "documents": [encode(signed).hex() for signed in documents],
            "at": START + 2 * YEAR,
            "links": [LINK, RIVAL],
        },
        "expect": expect,
    }


def accepted() -> Iterator[Json]:
    """Documents that count, with what each changes."""
    yield _vector("trust-root", "The pinned root.", root(VN), {"roots": {"vn": 1}}, before=[])
    yield _vector(
        "trust-root-rotated",
        "Version 2, signed by the threshold of version 1 and by its own.",
        root(VN, 2),
        {"roots": {"la": 1, "vn": 2}},
    )
    yield _vector(
        "trust-certificate-of-a-retired-root",
        "A root that was replaced still vouches for what began before its successor.",
        certificate(VN_A),
        {"certified": ["vn-a"]},
        before=[root(VN), root(VN, 2)],
    )
    yield _vector(
        "trust-certificate-renewed",
        "A renewal overlaps with the certificate that it follows.",
        certificate(VN_A, signing_key=key("vn-a new").public, not_before=START + YEAR),
        {"certified": ["la-b", "vn-a"]},
    )
    yield _vector(
        "trust-agreement",
        "Signed by both offices.",
        agreement(),
        {"agreements": {LINK: 1, RIVAL: None}},
    )
    yield _vector(
        "trust-agreement-version-2",
        "A newer version counts from its own beginning.",
        agreement(version=2, effective_from=START + YEAR),
        {"agreements": {LINK: 2, RIVAL: None}},
        before=[*basis(), agreement()],
    )
    yield _vector(
        "trust-revocation",
        "The revoked certificate's subject is certified no more.",
        revocation(certificate(VN_A), START + YEAR, {LINK: 7}),
        {"certified": ["la-b"]},
        before=[*basis(), agreement()],
    )
    yield _vector("trust-entry", "A directory entry.", entry(VN_A), {"entries": {"vn-a": 1}})


def rejected() -> Iterator[Json]:
    """Documents that don't count, one rule each."""
    for case in cases():
        yield _vector(
            f"trust-{case.name}",
            case.what,
            case.last,
            {"error": case.error},
            before=case.before,
            pinned={VN: document_id(case.last.payload)} if case.pinned else None,
        )


def vectors() -> Iterator[tuple[Path, Json]]:
    """Every vector with the file it belongs in."""
    for folder, made in (("accept", accepted()), ("reject", rejected())):
        for vector in made:
            yield HERE / folder / f"{vector['name']}.json", vector


def main() -> None:
    """Writes every file, and removes those of vectors that are no longer made."""
    made = dict(vectors())
    for path in sorted(HERE.glob("*/*.json")):
        if path not in made and json.loads(path.read_text(encoding="utf-8"))["kind"] == KIND:
            path.unlink()
    for path, vector in made.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text(vector), encoding="utf-8")
    print(f"{len(made)} vectors")


if __name__ == "__main__":
    main()
