"""Starts a command that must not outlive its owner, or one that shall (run as a script).

``launcher.py guarded|detached COMMAND…`` writes the command's process id to its standard output; the
command's own output goes to the launcher's standard error. Guarded, it waits for the command and
kills it when its standard input ends: an owner that dies, even by SIGKILL, closes that pipe. The
kernel's own signal on a parent's death is no substitute, for it counts the death of the thread that
started the command. Detached, the launcher leaves at once.

Only the standard library, and nothing of this project, is imported: it starts in milliseconds.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main(mode: str, command: list[str]) -> int:
    """Runs the command.

    Args:
        mode: ``guarded`` or ``detached``.
        command: program and arguments.

    Returns:
        The exit code of a guarded command, 0 for a detached one.
    """
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        os.write(1, b"%d\n" % child.pid)
    except OSError:
        # The owner died in this very moment; nobody knows the child, so nobody could end it.
        child.kill()
        return 1
    if mode == "detached":
        return 0
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    threading.Thread(target=_kill_at_end_of_input, args=(child,), daemon=True).start()
    return child.wait()


def _kill_at_end_of_input(child: subprocess.Popen[bytes]) -> None:
    # Not sys.stdin: its lock, held by this thread, would stop the interpreter from exiting.
    while os.read(0, 1024):
        pass
    child.kill()


if __name__ == "__main__":
    # A plain exit would warn of a detached child, or wait for the thread that reads.
    os._exit(main(sys.argv[1], sys.argv[2:]) & 0xFF)
