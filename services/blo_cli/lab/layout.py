"""Where everything of a lab lies, under one folder."""

from __future__ import annotations

from pathlib import Path

__all__ = ["Layout"]


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

    def subject(self, subject: str) -> Path:
        """The folder of an office, or of another subject with keys."""
        return self.root / "offices" / subject

    def config(self, subject: str) -> Path:
        """Its configuration file."""
        return self.subject(subject) / "agent.toml"

    def store(self, subject: str) -> Path:
        """The folder of its encrypted store."""
        return self.subject(subject) / "store"

    def token(self, subject: str) -> Path:
        """Its API's token."""
        return self.subject(subject) / "api.token"

    def log(self, subject: str) -> Path:
        """Its agent's log."""
        return self.subject(subject) / "agent.log"

    def run_file(self, subject: str) -> Path:
        """There while its agent runs: process id and ports."""
        return self.store(subject) / "run.json"
