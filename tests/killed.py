"""A job on a folder of files, killed by SIGKILL before each of its steps on the disk in turn."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

_MOST_STEPS: Final = 200
_OF_OS: Final = ("replace", "link", "fsync")
_OF_PATH: Final = ("unlink", "mkdir")


def killed_at_each_step(original: Path, into: Path, job: str) -> list[Path]:
    """Copies of a folder as a job left them that was killed before its nth step; the last is whole.

    Args:
        original: The folder before the job.
        into: Where the copies go.
        job: ``module:function``; the function takes the folder.
    """
    into.mkdir()
    subprocess.run(
        [sys.executable, "-m", "tests.killed", str(original), str(into), job],
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(__file__).parents[1],
    )
    return sorted(into.iterdir())


def _main(original: Path, into: Path, job: str) -> None:
    module, _, name = job.partition(":")
    function = getattr(importlib.import_module(module), name)
    for nth in range(_MOST_STEPS):
        folder = into / f"{nth:03}"
        shutil.copytree(original, folder)
        child = os.fork()
        if child == 0:
            _count_steps(nth)
            function(folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return
        assert os.WTERMSIG(status) == signal.SIGKILL, f"step {nth} ended with {status}"
    raise AssertionError(f"more than {_MOST_STEPS} steps")


def _count_steps(nth: int) -> None:
    calls = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            if calls == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            calls += 1
            return function(*arguments, **options)

        return call

    for name in _OF_OS:
        setattr(os, name, counted(getattr(os, name)))
    for name in _OF_PATH:
        setattr(Path, name, counted(getattr(Path, name)))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
