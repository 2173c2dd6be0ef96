"""Configuration files of the programs, explained, with fixed ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from blo_agent.config import AgentSettings
from blo_audit.config import AuditorSettings
from blo_audit.witness.config import WitnessSettings
from blo_processors.config import ProcessorSettings
from blo_runtime.config import Settings
from blo_runtime.config_example import config_example

_NO_PIN: Final = "0" * 64


class ProgramExample(NamedTuple):
    """A program's settings, and what an example of them says where there is no default.

    Attributes:
        kind: The settings.
        given: Values by the full path of their key.
    """

    kind: type[Settings]
    given: Mapping[str, object]


AGENT: Final[Mapping[str, object]] = {
    "store.path": "store/office.db",
    "store.key": "keys/store.key",
    "backup.folder": "backups",
    "backup.key": "keys/backup.key",
    "api.port": 8443,
    "admin.port": 9464,
}
"""Where an office's files lie beside its configuration, and the ports that it always has."""

_REACH: Final[Mapping[str, object]] = {
    "trust.pins": {"vn": _NO_PIN, "la": _NO_PIN},
    "kafka.bootstrap": "127.0.0.1:9092",
}

EXAMPLES: Final[Mapping[str, ProgramExample]] = {
    "agent": ProgramExample(AgentSettings, {**AGENT, **_REACH, "office": "vn-kyson"}),
    "auditor": ProgramExample(AuditorSettings, _REACH),
    "operator": ProgramExample(AuditorSettings, _REACH),
    "processor": ProgramExample(
        ProcessorSettings,
        {
            **_REACH,
            "processor": "vn-processor",
            "corridor": "la-vn",
            "keys": "keys/vn-processor.key",
            "state": "state",
            "admin.port": 9465,
        },
    ),
    "witness": ProgramExample(
        WitnessSettings,
        {
            **_REACH,
            "witness": "vn-witness",
            "corridors": ["la-vn"],
            "keys": "keys/vn-witness.key",
            "state": "state/vn-witness.json",
            "admin.port": 9466,
        },
    ),
}


def example_of(program: str, **changes: object) -> str:
    """The text of a program's configuration.

    Args:
        program: A key of ``EXAMPLES``.
        changes: Other values; a dot of a key's path is two underscores here.
    """
    example = EXAMPLES[program]
    given = {**example.given, **{key.replace("__", "."): value for key, value in changes.items()}}
    return config_example(example.kind, given)
