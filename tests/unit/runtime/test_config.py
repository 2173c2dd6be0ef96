from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from blo_runtime.config import Settings, load
from blo_runtime.errors import (
    ConfigurationError,
    FileMissing,
    Missing,
    NotToml,
    UnknownKey,
    WrongValue,
)
from blo_runtime.settings import AdminSettings, KafkaSettings, LoggingSettings


class Link(Settings, frozen=True, kw_only=True):
    id: str
    size: Annotated[int, msgspec.Meta(ge=1)] = 1


class Program(Settings, frozen=True, kw_only=True):
    kafka: KafkaSettings
    admin: AdminSettings = AdminSettings()
    logging: LoggingSettings = LoggingSettings()
    store: Path | None = None
    mode: Literal["normal", "simulated"] = "normal"
    links: tuple[Link, ...] = ()
    offices: dict[str, Link] = msgspec.field(default_factory=dict)
    pairs: Annotated[dict[str, int], msgspec.Meta(min_length=2)] | None = None
    limits: dict[str, int] = msgspec.field(default_factory=dict)


Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(text: str) -> Path:
        path = tmp_path / "agent.toml"
        path.write_text(text)
        return path

    return put


KAFKA = '[kafka]\nbootstrap = "127.0.0.1:9092"\n'


def test_a_full_file_becomes_frozen_settings(write: Write) -> None:
    path = write(
        """
        mode = "simulated"
        [kafka]
        bootstrap = ["127.0.0.1:9093", "[::1]:9093"]
        request_timeout_s = 5
        [admin]
        port = 8123
        [logging]
        level = "debug"
        format = "text"
        [[links]]
        id = "a"
        """
    )
    settings = load(path, Program)
    assert settings.kafka.servers == ["127.0.0.1:9093", "[::1]:9093"]
    assert settings.kafka.request_timeout_s == 5.0
    assert (settings.admin.host, settings.admin.port) == ("127.0.0.1", 8123)
    assert settings.logging == LoggingSettings(level="debug", format="text")
    assert settings.links == (Link(id="a"),)
    with pytest.raises(AttributeError):
        settings.mode = "normal"  # type: ignore[misc]


def test_defaults_are_safe(write: Write) -> None:
    settings = load(write(KAFKA), Program)
    assert settings.admin == AdminSettings(host="127.0.0.1", port=0, allow_remote=False)
    assert settings.logging == LoggingSettings(level="info", format="json")
    assert settings.kafka.tls is None


def test_several_servers_may_be_separated_by_commas() -> None:
    assert KafkaSettings(bootstrap="localhost:1, [::1]:2,").servers == ["localhost:1", "[::1]:2"]


def test_relative_paths_are_resolved_against_the_folder_of_the_file(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(
        'store = "data/store.db"\n'
        + KAFKA
        + '[kafka.tls]\nca = "tls/ca.pem"\ncertificate = "/etc/c.pem"\nkey = "../k.pem"\n'
    )
    monkeypatch.chdir(path.parent)
    settings = load(Path(path.name), Program)
    assert settings.store == path.parent / "data/store.db"
    assert settings.kafka.tls is not None
    assert settings.kafka.tls.ca == path.parent / "tls/ca.pem"
    assert settings.kafka.tls.certificate == Path("/etc/c.pem")
    assert settings.kafka.tls.key.is_absolute()


CASES: list[tuple[str, type[ConfigurationError], str, str, str]] = [
    ("", Missing, "kafka", "a table", "Add it"),
    ("[kafka]", Missing, "kafka.bootstrap", "an array or a string", "Add it"),
    (KAFKA + "[kafka.tls]", Missing, "kafka.tls.certificate", "a path", "Add it"),
    (KAFKA + "[[links]]\nsize = 1", Missing, "links[0].id", "a string", "Add it"),
    ("mood = 1\n" + KAFKA, UnknownKey, "mood", "kafka, admin", "Did you mean mode?"),
    (KAFKA + "botstrap = 1", UnknownKey, "kafka.botstrap", "bootstrap, tls", "mean bootstrap?"),
    (KAFKA + "[kafka.tls]\ncrt = 1", UnknownKey, "kafka.tls.crt", "certificate, key, ca", ""),
    (KAFKA + '[[links]]\nid="a"\nzz = 1', UnknownKey, "links[0].zz", "id, size", "Remove it"),
    ("[kafka]\nbootstrap = 1", WrongValue, "kafka.bootstrap", "string or array", "Correct"),
    ("[kafka]\nbootstrap = [1]", WrongValue, "kafka.bootstrap[0]", "string", "Correct"),
    ("[kafka]\nbootstrap = []", WrongValue, "kafka.bootstrap", "at least one", "Name one"),
    ('[kafka]\nbootstrap = "k1"', WrongValue, "kafka.bootstrap", '"host:port"', "Add the port"),
    ('[kafka]\nbootstrap = "k:99999"', WrongValue, "kafka.bootstrap", '"host:port"', "Add"),
    (
        '[kafka]\nbootstrap = "k1.example:1"',
        WrongValue,
        "kafka.tls",
        "files for TLS",
        "[kafka.tls]",
    ),
    (
        '[kafka]\nbootstrap = ["127.0.0.1:1", "10.0.0.1:1"]',
        WrongValue,
        "kafka.tls",
        "files for TLS",
        "[kafka.tls]",
    ),
    (
        KAFKA + '[admin]\nhost = "0.0.0.0"\nallow_remote = true',
        WrongValue,
        "admin.tls",
        "files for TLS",
        "certificate and key",
    ),
    (KAFKA + "request_timeout_s = 0", WrongValue, "kafka.request_timeout_s", "> 0", "Correct"),
    (KAFKA + '[admin]\nport = "80"', WrongValue, "admin.port", "integer", "Correct"),
    (KAFKA + "[admin]\nport = 65536", WrongValue, "admin.port", "<= 65535", "Correct"),
    (KAFKA + '[admin]\nhost = "0.0.0.0"', WrongValue, "admin.host", "loopback", "allow_remote"),
    (KAFKA + '[admin]\nhost = "blo.example"', WrongValue, "admin.host", "loopback", "allow"),
    (
        KAFKA + '[logging]\nlevel = "loud"',
        WrongValue,
        "logging.level",
        'one of "debug", "error", "info", "warning"',
        "",
    ),
    ("store = 3\n" + KAFKA, WrongValue, "store", "a path", "Correct"),
    ('store = ""\n' + KAFKA, WrongValue, "store", "a path", "Correct"),
    (
        KAFKA + '[offices.a]\nid = "a"\n[offices.b-2]\nsize = 1',
        Missing,
        "offices.b-2.id",
        "a str",
        "",
    ),
    (KAFKA + '[offices.a]\nid = "a"\nidd = 1', UnknownKey, "offices.a.idd", "id, size", "mean id?"),
    ('[pairs]\na = 1\nb = "x"\n' + KAFKA, WrongValue, "pairs[...]", "integer", "Correct"),
    ('[limits]\nx = 1\n"a b" = "x"\n' + KAFKA, WrongValue, 'limits."a b"', "integer", "Correct"),
]


@pytest.mark.parametrize(
    ("text", "kind", "key", "expected", "todo"),
    CASES,
    ids=[f"{c[1].__name__}-{c[2]}" for c in CASES],
)
def test_a_mistake_names_file_key_expectation_and_remedy(
    write: Write, text: str, kind: type[ConfigurationError], key: str, expected: str, todo: str
) -> None:
    path = write(text)
    with pytest.raises(kind) as caught:
        load(path, Program)
    error = caught.value
    assert (error.file, error.key) == (path, key)
    assert expected in error.expected
    assert todo in error.todo
    for part in (str(path), error.key, error.problem, error.expected, error.todo):
        assert part in str(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_permission(host: str) -> None:
    assert AdminSettings(host=host).host == host


def test_a_remote_admin_listener_must_be_said_explicitly_and_speaks_tls(write: Write) -> None:
    tls = '[admin.tls]\ncertificate = "a.pem"\nkey = "a.key"\n'
    path = write(KAFKA + '[admin]\nhost = "0.0.0.0"\nallow_remote = true\n' + tls)
    assert load(path, Program).admin.host == "0.0.0.0"


def test_the_value_itself_is_never_in_a_type_error(write: Write) -> None:
    with pytest.raises(WrongValue) as caught:
        load(write(KAFKA + '[admin]\nport = "hunter2"'), Program)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a = 1\nb = = 2\n", 2),
        (b"a = 1\na = 2\n", 2),
        (b"a = 1\n\nb = [1,\n", 3),
        (b'a = 1\nb = "\xff"\n', 2),
    ],
    ids=["syntax", "key twice", "ends early", "not utf-8"],
)
def test_what_is_not_toml_is_named_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(NotToml) as caught:
        load(path, Program)
    assert caught.value.line == line
    assert f"{path}: line {line}: " in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="No such file") as caught:
        load(tmp_path / "none.toml", Program)
    assert str(tmp_path / "none.toml") in str(caught.value)


def test_a_folder_is_not_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="directory"):
        load(tmp_path, Program)


def test_settings_refuse_unknown_fields_and_change_in_every_subclass() -> None:
    kinds: list[Any] = [Settings, *Settings.__subclasses__()]
    assert KafkaSettings in kinds
    for kind in kinds:
        assert kind.__struct_config__.forbid_unknown_fields, kind
        assert kind.__struct_config__.frozen, kind
