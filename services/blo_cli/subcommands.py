"""The subcommands of ``blo``: its own, and those of other distributions that are installed.

A distribution adds a subcommand by an entry point of the group ``blo.commands``: its name is the
subcommand's, its object a ``Subcommand``. The object's module imports nothing heavy, because
``blo --help`` loads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Final, NamedTuple

ENTRY_POINT_GROUP: Final = "blo.commands"


class Subcommand(NamedTuple):
    """A subcommand: its module, its line in ``blo --help`` and the errors with which it may end.

    Attributes:
        module: The module with a click command or group of the subcommand's name.
        help: Its line in ``blo --help``.
        errors: The roots of its own trees of errors, each as ``module:Name``; the trees of the
            main distribution need not be named.
    """

    module: str
    help: str
    errors: tuple[str, ...] = ()


_OWN: Final = {
    "agent": Subcommand("blo_cli.agent", "Run an office's node, or make its identity."),
    "audit": Subcommand(
        "blo_cli.audit", "Replay the log, and verify reports, journals and bundles."
    ),
    "config": Subcommand("blo_cli.setup.config", "Explain the programs' configuration files."),
    "country": Subcommand("blo_cli.setup.country", "Make a country's root, and certify with it."),
    "doctor": Subcommand("blo_cli.doctor", "Look for what keeps a program from working."),
    "link": Subcommand("blo_cli.setup.link", "Propose and accept a link's agreement."),
    "monitoring": Subcommand("blo_cli.monitoring", "Write alerts and dashboards for operators."),
    "office": Subcommand("blo_cli.setup.office", "Set an office's node up."),
    "processors": Subcommand("blo_cli.processors", "Run a corridor's stream processors."),
    "topics": Subcommand("blo_cli.topics", "Plan and make the topics."),
    "trust": Subcommand("blo_cli.trust", "Make, publish and judge trust documents."),
}


@cache
def subcommands() -> Mapping[str, Subcommand]:
    """Every subcommand by its name; no other distribution replaces one of ``blo``'s own."""
    others: dict[str, Subcommand] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        subcommand = point.load()
        assert isinstance(subcommand, Subcommand), point
        others[point.name] = subcommand
    return others | _OWN
