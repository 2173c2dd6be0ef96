"""Every command that needs Kafka gives up, in words, when Kafka does not answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from blo_cli.main import run
from blo_schemas.trust import SIGNED_DOCUMENT
from tests.patience import PATIENCE_S
from tests.processors.process import write_config
from tests.processors.world import World

_TIMEOUT_S = 0.5


@pytest.fixture
def silent() -> Iterator[str]:
    """A port where somebody takes every connection and says nothing."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    taken.append(server.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE_S)
    for connection in taken:
        connection.close()


@pytest.fixture
def folder(tmp_path: Path, silent: str) -> Path:
    """The configurations of a processor and of an operator, and trust documents."""
    world = World()
    config = write_config(world, tmp_path, silent)
    short = f'bootstrap = "{silent}"\nrequest_timeout_s = {_TIMEOUT_S}'
    text = config.read_text().replace("request_timeout_s = 10", f"request_timeout_s = {_TIMEOUT_S}")
    config.write_text(text)
    pins = "".join(f'{country} = "{pin.hex()}"\n' for country, pin in world.pins.items())
    operator = f"[trust.pins]\n{pins}[kafka]\n{short}\n"
    (tmp_path / "operator.toml").write_text(operator)
    keys = f'auditor = "vn-inspector"\nkeys = "auditor.key"\n{operator}'
    (tmp_path / "auditor.toml").write_text(keys)
    trust = tmp_path / "trust"
    trust.mkdir()
    for number, document in enumerate(world.documents):
        (trust / f"{number}.blo").write_bytes(SIGNED_DOCUMENT.encode(document))
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        "topics apply trust --config operator.toml",
        "trust publish trust --config operator.toml",
        "audit heads heads.txt --config operator.toml",
        "audit replay --config auditor.toml",
        "audit bundle --link vn-a~la-b -o made --config auditor.toml",
        "audit response-times --config auditor.toml --from 2025-01-01 --to 2025-02-01",
        "processors as-of --config processors.toml 2025-03-01T00:00:00+07:00",
        "processors dead list --config processors.toml",
        "processors dead retry --config processors.toml",
    ],
)
def test_a_command_gives_up_and_says_why(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert run(["audit", "init", "--config", "auditor.toml"]) == 0
    capsys.readouterr()
    assert run(command.split()) == 2
    told = capsys.readouterr().err
    assert "no answer in time" in told or "127.0.0.1" in told
    assert "Traceback" not in told
