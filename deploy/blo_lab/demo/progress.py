"""What the user sees while the demo runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from blo_cli import terminal


class Progress:
    """Shows which phase runs, and how much of the scenario was played.

    Args:
        total: How many lines the scenario has.
    """

    def __init__(self, total: int) -> None:
        self._bar = terminal.progress()
        self._task = self._bar.add_task("", total=total)

    def tell(self, what: str) -> None:
        """Says which phase begins."""
        self._bar.update(self._task, description=what)
        if self._bar.disable:
            terminal.note(f"{what} …")

    def advance(self) -> None:
        """One more line was played; may be called from any thread."""
        self._bar.advance(self._task)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
