"""Runs ``blo audit verify`` where it can do nothing but read and compute.

``python -B confined.py LIMIT ARGUMENT…``: the address space is limited to LIMIT bytes; whatever
would write, make, remove, connect or start anything ends the process at once with code 99.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FORBIDDEN = (
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.posix_spawn", "os.putenv", "os.remove",
    "os.rename", "os.rmdir", "os.symlink", "os.system", "os.truncate", "os.utime", "os.exec",
    "os.fork", "os.forkpty", "pty.spawn", "shutil.", "socket.", "subprocess.", "tempfile.",
    "urllib.", "http.", "ftplib.", "smtplib.",
)  # fmt: skip


def forbid(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: ends the process when it does what a verifier must not."""
    if event == "open":
        flags = arguments[2]
        if not isinstance(flags, int) or not flags & WRITING:
            return
    elif not event.startswith(FORBIDDEN):
        return
    os.write(2, f"FORBIDDEN {event} {arguments!r}\n".encode(errors="replace"))
    os._exit(99)


def peak_kib() -> int:
    """The most memory that this program had, in KiB.

    Linux counts into ``ru_maxrss`` also what the parent had before it started this program, and a
    parent that runs many tests has more than the limit here.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


def main() -> None:
    """Confines this process, then verifies."""
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    sys.addaudithook(forbid)
    from blo_cli.main import run

    code = run(["audit", "verify", *sys.argv[2:]])
    sys.stderr.write(f"peak {peak_kib() // 1024} MiB\n")
    sys.stderr.flush()
    sys.stdout.flush()
    sys.exit(code)


if __name__ == "__main__":
    main()
