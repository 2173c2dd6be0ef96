"""Where everything of a lab lies, under one folder."""

from __future__ import annotations

from pathlib import Path

from blo_agent.config import API_SOCKET


class Layout:
    """The folders and files of a lab.

    Args:
        root: The lab's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    @property
    def kafka(self) -> Path:
        """The embedded broker's folder."""
        return self.root / "kafka"

    @property
    def roots(self) -> Path:
        """The private keys of the countries' roots; in life they lie in safes, far apart."""
        return self.root / "roots"

    @property
    def documents(self) -> Path:
        """The signed trust documents as files, the same that are published."""
        return self.root / "trust"

    @property
    def state(self) -> Path:
        """What runs, so that another process can end it."""
        return self.root / "lab.json"

    @property
    def finished(self) -> Path:
        """There once everything was provisioned."""
        return self.root / "provisioned"

    @property
    def offices(self) -> Path:
        """A folder for each office."""
        return self.root / "offices"

    @property
    def processors(self) -> Path:
        """A folder for each corridor's processor."""
        return self.root / "processors"

    @property
    def witnesses(self) -> Path:
        """A folder for each witness."""
        return self.root / "witnesses"

    @property
    def auditor(self) -> Path:
        """The configuration of an auditor of the lab, who is its observer too."""
        return self.root / "auditor.toml"

    @property
    def network(self) -> Path:
        """The network file that the lab was provisioned from."""
        return self.root / "network.toml"

    @property
    def readers(self) -> Path:
        """The identities of those who read and have no program of their own: observers."""
        return self.root / "readers"

    def identity(self, subject: str) -> Path:
        """The identity of such a reader, as `blo trust key new` makes it."""
        return self.readers / f"{subject}.key"

    def office(self, office: str) -> Path:
        """An office's folder."""
        return self.offices / office

    def config(self, office: str) -> Path:
        """The configuration of its agent."""
        return self.office(office) / "agent.toml"

    def store(self, office: str) -> Path:
        """The folder of its encrypted store."""
        return self.office(office) / "store"

    def api_socket(self, office: str) -> Path:
        """The Unix socket of its agent."""
        return self.store(office) / API_SOCKET

    def log(self, office: str) -> Path:
        """Its agent's log."""
        return self.office(office) / "agent.log"

    def run_file(self, office: str) -> Path:
        """There while its agent runs: process id and ports."""
        return self.store(office) / "run.json"
