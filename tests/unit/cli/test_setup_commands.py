"""From nothing to two offices whose agreement counts, by the commands that a new operator runs."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest

from blo_agent.config import AgentSettings
from blo_cli.main import run
from blo_cli.setup.configurations import EXAMPLES, example_of
from blo_cli.trust.files import read_document
from blo_cli.trust.fingerprints import spoken_groups
from blo_log import kafka
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord, TopicSpec
from blo_log.topics import DIRECTORY_TOPIC
from blo_runtime.config import load
from blo_runtime.errors import Missing
from blo_schemas.codec import encode
from blo_schemas.ids import CountryId
from blo_schemas.trust import DOCUMENT, SIGNED_DOCUMENT, Agreement, Root, SignedDocument

PASSPHRASE = "mật khẩu dài (hư cấu)"


class Operator:
    """A folder with two countries and two offices, and the commands in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def path(self, name: str) -> Path:
        return self.folder / name

    def blo(self, *words: object, code: int = 0) -> str:
        found = run([*map(str, words)])
        captured = self._capsys.readouterr()
        said = captured.out + captured.err
        assert found == code, said
        assert "Traceback" not in said
        return said

    def country(self, code: str) -> str:
        return self.blo("country", "init", self.path(code), "--country", code, "--unprotected")

    def office(self, subject: str) -> str:
        roots = [word for code in ("vn", "la") for word in ("--root", self.root(code))]
        ports = ("--port", "18443", "--admin-port", "19464")
        at = ("--bootstrap", "127.0.0.1:9092", "--yes")
        return self.blo(
            "office", "init", self.path(subject), "--office", subject, *roots, *ports, *at
        )

    def admit(self, subject: str, *more: str) -> str:
        name = ("--name", f"vi=Văn phòng {subject} (hư cấu)", "--region", "VN-22")
        request = self.path(subject) / "request.json"
        return self.blo("country", "admit", self.path(subject[:2]), request, *name, "--yes", *more)

    def root(self, code: str) -> Path:
        return self.path(code) / "documents" / f"{code}-root.blo"

    def config(self, subject: str) -> Path:
        return self.path(subject) / "agent.toml"


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Operator:
    made = Operator(tmp_path, capsys)
    made.country("vn")
    made.country("la")
    made.office("vn-kyson")
    made.office("la-nonghet")
    return made


def digits(said: str) -> list[str]:
    """The groups of a fingerprint that a command printed, in order."""
    return [word for word in said.split() if len(word) == 5 and word.isdecimal()]


def test_two_offices_agree_and_all_their_documents_count(operator: Operator) -> None:
    operator.admit("vn-kyson")
    operator.admit("la-nonghet")
    proposed = operator.path("link.blo")
    said = operator.blo(
        *("link", "propose", proposed, "--config", operator.config("vn-kyson")),
        *("--with", "la-nonghet"),
    )
    assert "signed by vn-kyson" in said
    assert "four-urgencies" in said
    said = operator.blo(
        *("link", "accept", proposed, "--config", operator.config("la-nonghet"), "--yes")
    )
    assert "four-urgencies" in said
    folder = operator.path("trust")
    folder.mkdir()
    for path in (*operator.folder.glob("??/documents/*.blo"), proposed):
        (folder / path.name).write_bytes(path.read_bytes())
    said = operator.blo("trust", "check", folder, "--config", operator.config("vn-kyson"))
    assert said.endswith("7 admitted, 0 refused\n")
    agreement = DOCUMENT.decode(read_document(proposed).payload)
    assert isinstance(agreement, Agreement)
    assert agreement.link == "la-nonghet~vn-kyson"


def test_both_sides_read_out_the_same_digits(operator: Operator) -> None:
    root = operator.blo("trust", "fingerprint", operator.root("vn"))
    assert len(digits(root)) == 12
    again = operator.office("vn-other")
    assert digits(again)[:12] == digits(root)
    request = operator.blo("trust", "fingerprint", operator.path("vn-other") / "request.json")
    assert digits(request) == digits(again)[-12:]
    admitted = operator.admit("vn-other")
    assert digits(admitted) == digits(request)


def test_another_document_has_other_digits() -> None:
    made = {spoken_groups(bytes([n]) * 32) for n in range(200)}
    assert len(made) == 200
    assert all(len(groups) == 12 for groups in made)


def test_nothing_is_done_without_a_yes(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("no\n\ny e s\n"))
    said = operator.blo(
        *("country", "admit", operator.path("vn"), operator.path("vn-kyson") / "request.json"),
        *("--name", "vi=x", "--region", "VN-22"),
        code=1,
    )
    assert "nothing was certified" in said
    proposed = operator.path("link.blo")
    operator.blo(
        *("link", "propose", proposed, "--config", operator.config("vn-kyson")),
        *("--with", "la-nonghet"),
    )
    before = proposed.read_bytes()
    said = operator.blo(
        "link", "accept", proposed, "--config", operator.config("la-nonghet"), code=1
    )
    assert "nothing was signed" in said
    assert proposed.read_bytes() == before
    said = operator.blo(
        *("office", "init", operator.path("x"), "--office", "vn-x", "--root", operator.root("vn")),
        *("--bootstrap", "127.0.0.1:9092"),
        code=1,
    )
    assert "nothing was set up" in said
    assert not operator.config("x").exists()
    assert not (operator.path("x") / "store").exists()


def test_a_yes_is_asked_for_and_taken(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("yes\n"))
    said = operator.blo(
        *("country", "admit", operator.path("vn"), operator.path("vn-kyson") / "request.json"),
        *("--name", "vi=x", "--region", "VN-22"),
    )
    assert "read out the same digits? [yes/no]" in said
    assert "1 of 1 signatures" in said


def test_a_link_of_others_is_not_accepted(operator: Operator) -> None:
    proposed = operator.path("link.blo")
    operator.blo(
        *("link", "propose", proposed, "--config", operator.config("vn-kyson")),
        *("--with", "la-nonghet"),
    )
    operator.office("vn-other")
    said = operator.blo(
        *("link", "accept", proposed, "--config", operator.config("vn-other"), "--yes"), code=2
    )
    assert "not of vn-other" in said
    said = operator.blo(
        *("link", "accept", operator.root("vn"), "--config", operator.config("vn-kyson"), "--yes"),
        code=2,
    )
    assert "is no agreement" in said


def test_a_request_of_another_country_has_no_root_here(operator: Operator) -> None:
    said = operator.blo(
        *("country", "admit", operator.path("la"), operator.path("vn-kyson") / "request.json"),
        *("--name", "vi=x", "--region", "VN-22", "--yes"),
        code=2,
    )
    assert "vn-root.blo" in said


def test_nothing_that_is_there_is_made_again(operator: Operator) -> None:
    key = operator.path("vn") / "keys" / "vn-root-1.key"
    before = key.read_bytes()
    operator.blo("country", "init", operator.path("vn"), "--country", "vn", "--unprotected", code=2)
    assert key.read_bytes() == before
    store = (operator.path("vn-kyson") / "store" / "office.db").read_bytes()
    operator.blo(
        *("office", "init", operator.path("vn-kyson"), "--office", "vn-kyson"),
        *("--root", operator.root("vn"), "--bootstrap", "127.0.0.1:9092", "--yes"),
        code=2,
    )
    assert (operator.path("vn-kyson") / "store" / "office.db").read_bytes() == store


class Descriptor:
    """Descriptors that give a passphrase, each once."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self) -> int:
        reading, writing = os.pipe()
        os.write(writing, f"{self._text}\n".encode())
        os.close(writing)
        return reading


def test_root_keys_lie_wrapped_under_a_passphrase(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = Operator(tmp_path, capsys)
    given = Descriptor(PASSPHRASE)
    made = operator.blo(
        *("country", "init", operator.path("vn"), "--country", "vn"),
        *("--keys", 3, "--threshold", 2, "--passphrase-descriptor", given()),
    )
    assert "2 of 3 keys sign" in made
    for path in (operator.path("vn") / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().startswith("{")
    operator.country("la")
    operator.office("vn-kyson")
    wrong = Descriptor("another passphrase")
    said = operator.blo(
        *("country", "admit", operator.path("vn"), operator.path("vn-kyson") / "request.json"),
        *("--name", "vi=x", "--region", "VN-22", "--yes", "--passphrase-descriptor", wrong()),
        code=2,
    )
    assert "does not open with this passphrase" in said
    said = operator.admit("vn-kyson", "--passphrase-descriptor", str(given()))
    assert "2 of 2 signatures" in said


def test_keys_of_other_machines_are_named_by_their_public_halves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = Operator(tmp_path, capsys)
    other = operator.path("other.key")
    public = operator.blo("trust", "key", "new", other).split()[-1]
    said = operator.blo(
        *("country", "init", operator.path("vn"), "--country", "vn", "--unprotected"),
        *("--public", public, "--threshold", 2),
    )
    assert "1 signatures more are needed" in said
    assert "now has 2 signatures" in operator.blo(
        "trust", "sign", operator.root("vn"), "--key", other
    )
    root = DOCUMENT.decode(read_document(operator.root("vn")).payload)
    assert isinstance(root, Root)
    assert (len(root.keys), root.threshold) == (2, 2)
    operator.blo(
        *("country", "init", operator.path("la"), "--country", "la", "--threshold", 2), code=2
    )


# Configuration files.


@pytest.mark.parametrize("program", sorted(EXAMPLES))
def test_every_example_is_a_configuration_and_explains_every_key(
    program: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Operator(tmp_path, capsys).blo("config", "example", program)
    path = tmp_path / "program.toml"
    path.write_text(text)
    kind = EXAMPLES[program].kind
    assert isinstance(load(path, kind), kind)
    for name in kind.__struct_fields__:
        assert f"{name} =" in text or f"[{name}]" in text
    for block in text.split("\n\n")[1:]:
        assert block.startswith("# "), block


def test_defaults_that_are_uncommented_change_nothing(tmp_path: Path) -> None:
    """So an operator who takes a line in gets what its comment says."""
    text = example_of("agent")
    lines = [
        line[2:] if line.startswith("# ") and " = " in line and not line.endswith("=") else line
        for line in text.splitlines()
    ]
    path, changed = tmp_path / "as-is.toml", tmp_path / "uncommented.toml"
    path.write_text(text)
    changed.write_text("\n".join(line for line in lines if not line.startswith("# [")))
    assert load(changed, AgentSettings) == load(path, AgentSettings)


def test_all_missing_keys_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text('office = "vn-a"\n[store]\n[kafka]\n')
    with pytest.raises(Missing) as told:
        load(path, AgentSettings)
    words = str(told.value)
    assert all(key in words for key in ("store.path", "trust.pins", "kafka.bootstrap"))
    assert "blo config example" in words


# The directory.


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> MemoryCluster:
    memory = MemoryCluster()
    monkeypatch.setattr(kafka, "KafkaLog", lambda *_, **__: MemoryLog(memory))
    return memory


async def put(cluster: MemoryCluster, values: Sequence[bytes]) -> None:
    log = MemoryLog(cluster)
    await (await log.admin()).create(TopicSpec(DIRECTORY_TOPIC, 1, 1, {}))
    appender = await log.appender()
    await appender.append(
        [ProducerRecord(DIRECTORY_TOPIC, 0, value[:32], value) for value in values]
    )


def test_documents_are_fetched_with_their_verdicts(
    operator: Operator, cluster: MemoryCluster
) -> None:
    hostile = SignedDocument(payload=encode({"root": "../../x"}), signatures=())
    strange = Root(
        country=CountryId("../x"),
        version=1,
        keys=(bytes(32),),
        threshold=1,
        not_before=0,
        not_after=1,
    )
    foreign = SignedDocument(payload=DOCUMENT.encode(strange), signatures=())
    values = [
        operator.root("vn").read_bytes(),
        operator.root("la").read_bytes(),
        *(SIGNED_DOCUMENT.encode(one) for one in (hostile, foreign)),
        b"no document",
    ]
    asyncio.run(put(cluster, values))
    folder = operator.path("fetched")
    arguments = ("trust", "fetch", folder, "--config", operator.config("vn-kyson"))
    said = operator.blo(*arguments, code=1)
    assert "admitted  vn-root-" in said
    assert "admitted  la-root-" in said
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 4
    assert all(path.parent == folder for path in folder.rglob("*.blo"))
    assert [name for name in names if ".." in name] == []
    operator.blo(*arguments, code=1)
    assert sorted(path.name for path in folder.iterdir()) == names
