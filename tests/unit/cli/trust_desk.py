"""A folder in which ``blo trust`` is used as its operators do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from blo_cli.main import run

FROM, UNTIL = "2025-01-01T00:00:00+07:00", "2035-01-01T00:00:00+07:00"
VALID: Final = f"not_before = {FROM}\nnot_after = {UNTIL}\n"


class Desk:
    """A folder, and ``blo`` in it.

    Attributes:
        folder: Where the documents lie.
        pins: ``--pin`` options for the roots made so far.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.pins: list[str] = []
        self._capsys = capsys

    def blo(self, *arguments: object, code: int = 0) -> str:
        """Runs ``blo trust`` with these arguments; what it says, on both streams."""
        found = run(["trust", *map(str, arguments)])
        captured = self._capsys.readouterr()
        said = captured.out + captured.err
        assert found == code, said
        assert "Traceback" not in said
        return said

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self, name: str, text: str) -> Path:
        self.path(name).write_text(text, encoding="utf-8")
        return self.path(name)

    def root(self, country: str) -> None:
        """A root of one key."""
        said = self.blo("key", "new", self.path(f"{country}.key"))
        public = said.split()[-1]
        spec = self.write(
            f"{country}.toml", f'country = "{country}"\nkeys = ["{public}"]\nthreshold = 1\n{VALID}'
        )
        key = self.path(f"{country}.key")
        said = self.blo("root", spec, self.path(f"{country}.blo"), "--key", key)
        self.pins += ["--pin", f"{country}={said.split()[-1]}"]

    def certify(self, subject: str, role: str = "office") -> None:
        """An identity, and a certificate of its country."""
        self.blo("key", "new", self.path(f"{subject}.key"), "--subject", subject)
        spec = self.write(
            f"{subject}.toml",
            f'request = "{subject}.key.json"\nrole = "{role}"\n{VALID}'
            f'[[names]]\ntext = "Kỳ Sơn"\nlanguage = "vi"\nuntil = 2025-07-01\n',
        )
        key = self.path(f"{subject[:2]}.key")
        self.blo("certificate", spec, self.path(f"{subject}.blo"), "--key", key)

    def agree(self, **more: str) -> None:
        """An unsigned agreement."""
        lines = {
            "link": '"vn-a~la-b"',
            "partition": "0",
            "offices": '["vn-a", "la-b"]',
            "effective_from": FROM,
        } | more
        spec = self.write("link.toml", "\n".join(f"{k} = {v}" for k, v in lines.items()))
        self.blo("agreement", spec, self.path("link.blo"))

    def sign(self, document: str, *subjects: str) -> str:
        keys = [part for one in subjects for part in ("--key", self.path(f"{one}.key"))]
        return self.blo("sign", self.path(document), *keys)
