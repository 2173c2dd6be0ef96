"""Tests of Ctrl-C hold where the runner was started with the signals ignored, too."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.signals import STOPS

RUNNER = """
import os, signal, subprocess, sys
from tests.conftest import pytest_configure
pytest_configure()
number = signal.Signals(int(sys.argv[1]))
os.kill(os.getpid(), number)
show = "import signal; print(signal.getsignal(%d) in (signal.SIG_DFL, signal.default_int_handler))"
print(subprocess.run([sys.executable, "-c", show % number], capture_output=True, text=True).stdout)
"""


@pytest.mark.parametrize("number", STOPS)
def test_a_program_of_a_test_heeds_a_signal_that_the_runner_ignores(
    number: signal.Signals, project_root: Path
) -> None:
    ignoring = f"trap '' {number.name.removeprefix('SIG')}; exec \"$@\""
    shown = subprocess.run(
        ["sh", "-c", ignoring, "sh", sys.executable, "-c", RUNNER, str(number.value)],
        cwd=project_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.returncode, shown.stdout.strip()) == (0, "True"), shown.stderr
