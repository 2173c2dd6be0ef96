"""What the user sees while the demo runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from blo_cli import terminal

_PHASE: Final = 12
"""A phase counts as much as so many lines; the last one is not over before the end."""


class Progress:
    """Shows which phase runs, and how much was done of all phases.

    Args:
        steps: How many programs are started and lines played.
        phases: How many phases there are.
    """

    def __init__(self, steps: int, phases: int) -> None:
        self._bar = terminal.progress()
        self._task = self._bar.add_task("", total=steps + (phases + 1) * _PHASE)

    def tell(self, what: str) -> None:
        """Says which phase begins."""
        self._bar.update(self._task, description=what.partition(",")[0], advance=_PHASE)
        if self._bar.disable:
            terminal.note(f"{what} …")

    def advance(self) -> None:
        """One more program is ready, or one more line was played; may be called from any thread."""
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
