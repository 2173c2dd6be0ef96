"""Every ``document`` vector gives what it expects, and the files are what the generator makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blo_domain.trust import TrustedDirectory, TrustRule, read_signed
from blo_schemas.hashes import document_id
from blo_schemas.ids import CountryId, DocumentId, LinkId, OfficeId
from blo_schemas.trust import Certificate, OfficeEntry
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from tests.vectors import generate_trust
from tests.vectors.generate import text
from tests.vectors.material import Json

HERE = Path(__file__).parent


def _load(folder: str) -> list[Json]:
    found = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(HERE.glob(f"{folder}/*.json"))
    ]
    return [vector for vector in found if vector["kind"] == generate_trust.KIND]


def _empty(given: Json) -> TrustedDirectory:
    return TrustedDirectory(
        {
            CountryId(country): DocumentId(bytes.fromhex(fingerprint))
            for country, fingerprint in given["pins"].items()
        },
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )


def _found(directory: TrustedDirectory, given: Json) -> Json:
    at = given["at"]
    documents = directory.documents.values()
    subjects = sorted({one.subject for one in documents if isinstance(one, Certificate)})
    offices = sorted({one.office for one in documents if isinstance(one, OfficeEntry)})
    agreements = {link: directory.agreement(LinkId(link), at) for link in given["links"]}
    entries = {office: directory.entry(OfficeId(office)) for office in offices}
    return {
        "roots": {country: root.version for country, root in directory.roots.items()},
        "certified": [one for one in subjects if directory.certificate(OfficeId(one), at)],
        "agreements": {link: found and found.version for link, found in agreements.items()},
        "entries": {office: found and found.version for office, found in entries.items()},
    }


@pytest.mark.parametrize("vector", _load("accept"), ids=lambda vector: str(vector["name"]))
def test_a_document_that_counts_changes_what_it_should(vector: Json) -> None:
    given, expected = vector["given"], vector["expect"]
    directory = _empty(given)
    for data in given["documents"]:
        directory = directory.admit(read_signed(bytes.fromhex(data)))
    found = _found(directory, given)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("vector", _load("reject"), ids=lambda vector: str(vector["name"]))
def test_a_document_that_does_not_count_is_refused_by_its_rule(vector: Json) -> None:
    given = vector["given"]
    *before, last = map(read_signed, map(bytes.fromhex, given["documents"]))
    directory = _empty(given)
    for signed in before:
        directory = directory.admit(signed)
    _, refusals = directory.load([last])
    found = [refusal.error.rule for refusal in refusals if refusal.signed == last]
    assert found == [vector["expect"]["error"]]


@pytest.mark.parametrize("vector", _load("reject"), ids=lambda vector: str(vector["name"]))
def test_the_order_in_which_documents_come_changes_no_refusal(vector: Json) -> None:
    signed = [read_signed(bytes.fromhex(data)) for data in vector["given"]["documents"]]
    forward, backward = (_empty(vector["given"]).load(order)[1] for order in (signed, signed[::-1]))
    assert [str(one.error) for one in forward] == [str(one.error) for one in backward]
    assert document_id(signed[-1].payload) in {one.error.document for one in forward}


def test_every_error_that_a_vector_expects_is_a_rule() -> None:
    assert {vector["expect"]["error"] for vector in _load("reject")} <= set(TrustRule)


def test_the_files_are_what_the_generator_makes() -> None:
    made = dict(generate_trust.vectors())
    for path, vector in made.items():
        assert path.read_text(encoding="utf-8") == text(vector), path.name
    names = {vector["name"] for vector in (*_load("accept"), *_load("reject"))}
    assert names == {vector["name"] for vector in made.values()}
