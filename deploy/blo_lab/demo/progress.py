"""What the user sees while the demo runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar


class Progress:
    """Shows which phase runs, and how much of the scenario was played.

    Args:
        total: How many lines the scenario has.
        console: Where; standard error unless told otherwise.
    """

    def __init__(self, total: int, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total)

    def tell(self, what: str) -> None:
        """Says which phase begins."""
        self._bar.update(self._task, description=what)
        if not self._console.is_terminal:
            self._console.print(f"{what} …", highlight=False, soft_wrap=True)

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
