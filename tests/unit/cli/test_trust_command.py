"""``blo trust``: documents from hand to hand, as two countries and two offices would do it."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from blo_cli.file_access import write_output
from blo_cli.trust.files import read_document
from blo_domain.trust import read_signed
from blo_log import kafka
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import TopicSpec
from blo_schemas.codec import encode
from blo_schemas.trust import DOCUMENT, Agreement, Certificate, Root
from blo_sealing.keys import NodeKeys
from tests.unit.cli.trust_desk import FROM, Desk
from tests.unit.trust.documents import VN, VN_A, certificate, root


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """Two countries with a certified office each, and an agreement that nobody has signed."""
    made = Desk(tmp_path, capsys)
    made.root("vn")
    made.root("la")
    made.certify("vn-a")
    made.certify("la-b")
    made.agree()
    return made


def test_documents_that_go_through_all_hands_are_admitted(desk: Desk) -> None:
    desk.sign("link.blo", "vn-a")
    assert "link.blo now has 2 signatures" in desk.sign("link.blo", "la-b")
    said = desk.blo("check", desk.folder, *desk.pins)
    assert "admitted  link.blo  agreement vn-a~la-b, version 1" in said
    assert said.endswith("5 admitted, 0 refused\n")


def test_an_agreement_that_one_side_has_not_signed_is_refused_in_words(desk: Desk) -> None:
    desk.sign("link.blo", "vn-a")
    said = desk.blo("check", desk.folder, *desk.pins, code=1)
    assert "refused   link.blo  agreement vn-a~la-b, version 1: not signed by la-b; send" in said
    assert said.endswith("4 admitted, 1 refused\n")


def test_a_document_is_what_its_form_says(desk: Desk) -> None:
    signed = read_signed(desk.path("link.blo").read_bytes())
    agreement = DOCUMENT.decode(signed.payload)
    assert isinstance(agreement, Agreement)
    assert agreement.offices == ("la-b", "vn-a")
    assert agreement.corridor == "la-vn"
    assert agreement.policy.name == "four-urgencies"
    assert agreement.effective_from == 1_735_664_400_000
    certified = DOCUMENT.decode(read_signed(desk.path("vn-a.blo").read_bytes()).payload)
    assert isinstance(certified, Certificate)
    node = NodeKeys.from_bytes(bytes.fromhex(desk.path("vn-a.key").read_text()))
    assert certified.signing_key == node.signing.public
    assert certified.kem_key == node.kem.public
    assert certified.names[0].text == "Kỳ Sơn"


def test_private_keys_are_for_their_owner_alone(desk: Desk) -> None:
    for name in ("vn.key", "vn-a.key"):
        assert stat.S_IMODE(desk.path(name).stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.path("vn-a.key.json").stat().st_mode) == 0o644


def test_a_key_that_others_can_read_is_not_used(desk: Desk) -> None:
    desk.path("vn-a.key").chmod(0o640)
    said = desk.blo("sign", desk.path("link.blo"), "--key", desk.path("vn-a.key"), code=2)
    assert f"Run: chmod 600 {desk.path('vn-a.key')}" in said


def test_nothing_is_overwritten(desk: Desk) -> None:
    before = desk.path("vn.key").read_bytes()
    said = desk.blo("key", "new", desk.path("vn.key"), code=2)
    assert "is there already and was not touched" in said
    assert desk.path("vn.key").read_bytes() == before
    said = desk.blo("agreement", desk.path("link.toml"), desk.path("link.blo"), code=2)
    assert "is there already" in said


def test_a_key_signs_once(desk: Desk) -> None:
    desk.sign("link.blo", "vn-a")
    before = desk.path("link.blo").read_bytes()
    said = desk.blo("sign", desk.path("link.blo"), "--key", desk.path("vn-a.key"), code=2)
    assert "has signed this document already" in said
    assert desk.path("link.blo").read_bytes() == before
    assert not list(desk.folder.glob(".*"))


def test_showing_says_who_what_when_and_whose_signature_is_missing(desk: Desk) -> None:
    desk.sign("link.blo", "vn-a")
    said = desk.blo("show", desk.path("link.blo"))
    assert said.startswith("agreement vn-a~la-b, version 1\n")
    for part in (
        "corridor     la-vn, partition 0",
        "offices      la-b, vn-a",
        "in force     from 2024-12-31 17:00:00 UTC until superseded",
        "immediate: acknowledge within 1 hour, answer within 24 hours",
        "routine: acknowledge within 2 working days, answer within 15 working days",
        "time zone of vn-a: Asia/Ho_Chi_Minh",
        "signed       by vn-a (",
        "missing      not signed by la-b",
    ):
        assert part in said
    desk.sign("link.blo", "la-b")
    assert "missing      nothing" in desk.blo("show", desk.path("link.blo"))


def test_every_kind_of_document_can_be_shown(desk: Desk) -> None:
    assert "fingerprint  " in desk.blo("show", desk.path("vn.blo"))
    said = desk.blo("show", desk.path("vn-a.blo"))
    assert "name         Kỳ Sơn [vi] until before 2025-07-01" in said
    assert "key 1 of the root of vn, version 1" in said
    spec = desk.write(
        "entry.toml",
        'office = "vn-a"\nregion = "VN-22"\nlevel = "branch"\nsuccessor = "vn-nghean"\n'
        '[[names]]\ntext = "Kỳ Sơn"\n[[contacts]]\ntext = "+84 1"\nsince = 2025-01-01\n',
    )
    desk.blo("office", spec, desk.path("entry.blo"))
    said = desk.blo("show", desk.path("entry.blo"))
    assert "contact      +84 1 since 2025-01-01" in said
    assert "signed       by nobody yet" in said
    assert "missing      0 of the 1 signatures that the root of vn, version 1, asks for" in said
    desk.blo(
        "revocation", desk.path("vn-a.blo"), desk.path("gone.blo"), "--reason", "stolen",
        "--at", FROM, "--link", "vn-a~la-b=7",
    )  # fmt: skip
    said = desk.blo("show", desk.path("gone.blo"))
    assert "on vn-a~la-b from log size 7" in said
    assert "reason       stolen" in said


def test_a_signature_that_is_not_good_is_shown_as_such(desk: Desk) -> None:
    data = bytearray(desk.path("vn-a.blo").read_bytes())
    data[-1] ^= 1
    desk.path("vn-a.blo").write_bytes(data)
    assert "NOT GOOD" in desk.blo("show", desk.path("vn-a.blo"))


def test_a_revocation_counts_from_now_if_no_time_is_said(desk: Desk) -> None:
    key = desk.path("vn.key")
    desk.blo(
        "revocation", desk.path("vn-a.blo"), desk.path("gone.blo"), "--reason", "lost",
        "--key", key,
    )  # fmt: skip
    said = desk.blo("check", desk.folder, *desk.pins, code=1)
    assert "admitted  gone.blo  revocation of certificate" in said
    assert "refused   link.blo" in said


def test_a_revocation_is_of_a_certificate(desk: Desk) -> None:
    said = desk.blo(
        "revocation", desk.path("vn.blo"), desk.path("gone.blo"), "--reason", "x", code=2
    )
    assert "is a root of vn, version 1. Name a certificate's file" in said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--at", "2025-07-01"], "expected a time with its offset"),
        (["--at", "soon"], "expected a time with its offset"),
        (["--at", "1969-12-31T23:59:59Z"], "lies before 1970-01-01T00:00:00Z"),
        (["--reason", "x\nsigned by key 1: good"], "expected one line of text"),
        (["--reason", "x\x1b[8m"], "expected one line of text"),
        (["--link", "vn-a~la-b"], "expected LINK=SIZE"),
        (["--link", "vn-a~la-b=many"], "expected LINK=SIZE"),
    ],
)
def test_a_wrong_option_says_what_was_expected(desk: Desk, options: list[str], told: str) -> None:
    arguments = [desk.path("vn-a.blo"), desk.path("gone.blo"), "--reason", "x", *options]
    assert told in desk.blo("revocation", *arguments, code=2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("link = 1", "link"),
        ('policy = "fast"', "expected one of four-urgencies, eu-2023-977"),
        ("effective_from = 2025-01-01", "effective_from"),
        ("nothing = 1", "nothing: unknown key"),
        ("effective_from = 1969-12-31T00:00:00Z", "expected an instant from 1970 to 9999"),
        (f"policy = {'[' * 100_000}", "nested too deeply"),
        ("partition = -1", "partition"),
        ("this is no TOML", "line"),
    ],
)
def test_a_form_that_is_wrong_names_the_file_and_the_key(desk: Desk, text: str, told: str) -> None:
    name = text.partition(" ")[0]
    lines = desk.path("link.toml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(f"{name} =")]
    spec = desk.write("wrong.toml", "\n".join([text, *kept]))
    said = desk.blo("agreement", spec, desk.path("wrong.blo"), code=2)
    assert "wrong.toml" in said
    assert told in said
    assert not desk.path("wrong.blo").exists()


def test_an_agreement_whose_policy_is_not_whole_is_not_made(desk: Desk) -> None:
    policy = (
        '[policy]\nname = "own"\nladder = [{rung = "warning"}]\n'
        '[[policy.deadlines]]\nurgency = "routine"\nacknowledge = "1 hours"\nanswer = "2 hours"\n'
    )
    text = desk.path("link.toml").read_text() + "\n" + policy
    said = desk.blo("agreement", desk.write("own.toml", text), desk.path("own.blo"), code=2)
    assert "deadlines.urgent: the row for every kind is missing" in said
    rows = "".join(
        f'[[policy.deadlines]]\nurgency = "{one}"\nacknowledge = "1 hours"\nanswer = "2 hours"\n'
        for one in ("urgent", "very_urgent", "immediate")
    )
    desk.blo("agreement", desk.write("own.toml", text + rows), desk.path("own.blo"))
    wrong = text.replace('"routine"', '"slow"')
    said = desk.blo("agreement", desk.write("own.toml", wrong), desk.path("no.blo"), code=2)
    assert "expected one of routine, urgent" in said


def test_a_zone_of_an_office_may_be_given(desk: Desk) -> None:
    text = desk.path("link.toml").read_text() + '\n[zones]\nla-b = "Asia/Bangkok"\n'
    desk.blo("agreement", desk.write("zone.toml", text), desk.path("zone.blo"))
    assert "time zone of la-b: Asia/Bangkok" in desk.blo("show", desk.path("zone.blo"))


def test_a_request_with_a_key_that_must_not_be_certified_is_refused(desk: Desk) -> None:
    request = desk.path("vn-a.key.json")
    weak = "01" + "00" * 31
    text = request.read_text()
    old = text.split('"signing_key": "')[1][:64]
    request.write_text(text.replace(old, weak))
    said = desk.blo("certificate", desk.path("vn-a.toml"), desk.path("weak.blo"), code=2)
    assert "vn-a.key.json: is no request for a certificate" in said
    assert "prime-order" in said
    request.write_text("{}")
    said = desk.blo("certificate", desk.path("vn-a.toml"), desk.path("weak.blo"), code=2)
    assert "Ask the subject for what `blo agent init` printed" in said


def test_files_that_are_no_documents_are_named(desk: Desk) -> None:
    desk.path("link.blo").write_bytes(b"nonsense")
    said = desk.blo("check", desk.folder, *desk.pins, code=1)
    assert "refused   link.blo  the file: they are not a signed document" in said
    said = desk.blo("show", desk.path("link.blo"), code=2)
    assert "link.blo: they are not a signed document" in said
    said = desk.blo("sign", desk.path("vn.blo"), "--key", desk.path("link.blo"), code=2)
    assert "Traceback" not in said
    said = desk.blo("show", desk.path("missing.blo"), code=2)
    assert "cannot be read (No such file or directory)" in said


def test_a_key_file_without_a_key_is_named(desk: Desk) -> None:
    desk.path("vn.key").write_text("ff")
    said = desk.blo("sign", desk.path("link.blo"), "--key", desk.path("vn.key"), code=2)
    assert "vn.key: holds no key. Name a file that `blo trust key new` made" in said


def test_a_folder_without_documents_is_named(desk: Desk, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "there are no .blo files in it" in desk.blo("check", empty, *desk.pins, code=2)


@pytest.mark.parametrize("pin", ["vn", "vn=12", "vietnam=" + "0" * 64, "vn=" + "g" * 64])
def test_a_pin_is_a_country_and_a_fingerprint(desk: Desk, pin: str) -> None:
    assert "is no pin; expected" in desk.blo("check", desk.folder, "--pin", pin, code=2)


def test_without_a_pin_nothing_is_judged(desk: Desk) -> None:
    assert "no root is trusted: name one with --pin" in desk.blo("check", desk.folder, code=2)
    two = ["--pin", "vn=" + "0" * 64, "--pin", "vn=" + "1" * 64]
    assert "two different roots" in desk.blo("check", desk.folder, *two, code=2)


def test_a_signature_needs_a_key_and_an_identity_an_id(desk: Desk) -> None:
    assert "whose signature?" in desk.blo("sign", desk.path("link.blo"), code=2)
    said = desk.blo("key", "new", desk.path("x.key"), "--subject", "Kỳ Sơn", code=2)
    assert "is no id; expected one as vn-kyson" in said
    assert not desk.path("x.key").exists()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> MemoryCluster:
    """A log in memory in the place of Kafka."""
    made = MemoryCluster()
    monkeypatch.setattr(kafka, "KafkaLog", lambda _: MemoryLog(made))
    return made


async def make_directory(cluster: MemoryCluster) -> None:
    await (await MemoryLog(cluster).admin()).create(TopicSpec("blo.directory", 1, 1, {}))


def published(cluster: MemoryCluster) -> list[str]:
    return [
        type(DOCUMENT.decode(read_signed(stored.value or b"").payload)).__name__
        for stored in cluster.records("blo.directory", 0)
    ]


def test_publishing_puts_what_others_rest_on_first_and_nothing_twice(
    desk: Desk, cluster: MemoryCluster
) -> None:
    asyncio.run(make_directory(cluster))
    desk.sign("link.blo", "vn-a", "la-b")
    publish = ["publish", desk.folder, *desk.pins, "--bootstrap", "127.0.0.1:9092"]
    assert "published agreement vn-a~la-b, version 1" in desk.blo(*publish)
    kinds = ["Root", "Root", "Certificate", "Certificate", "Agreement"]
    assert published(cluster) == kinds
    keys = [stored.key for stored in cluster.records("blo.directory", 0)]
    assert len({*keys}) == 5
    desk.blo(*publish)
    assert published(cluster) == kinds


def test_nothing_is_published_while_a_document_is_refused(
    desk: Desk, cluster: MemoryCluster
) -> None:
    asyncio.run(make_directory(cluster))
    publish = ["publish", desk.folder, *desk.pins, "--bootstrap", "127.0.0.1:9092"]
    said = desk.blo(*publish, code=1)
    assert "nothing was published" in said
    assert published(cluster) == []


def test_publishing_needs_an_address_and_the_topic(desk: Desk, cluster: MemoryCluster) -> None:
    desk.sign("link.blo", "vn-a", "la-b")
    said = desk.blo("publish", desk.folder, *desk.pins, code=2)
    assert "where is Kafka? Say --bootstrap HOST:PORT or --config FILE" in said
    publish = ["publish", desk.folder, *desk.pins, "--bootstrap", "127.0.0.1:9092"]
    assert "run `blo topics apply`" in desk.blo(*publish, code=2)


def test_the_tests_own_documents_are_files_too(tmp_path: Path) -> None:
    for number, signed in enumerate((root(VN), certificate(VN_A))):
        path = tmp_path / f"{number}.blo"
        write_output(path, encode(signed))
        assert read_document(path) == signed
    assert isinstance(DOCUMENT.decode(root(VN).payload), Root)
