"""What ``blo doctor`` prints as JSON; docs/cli.md is made from these classes.

A field is added, never renamed or given another meaning. Instants are Unix milliseconds.
"""

from __future__ import annotations

import msgspec


class DoctorForm(msgspec.Struct, frozen=True):
    """What a check of ``blo doctor`` found.

    Attributes:
        check: The id of the check: configuration, program, tls, kafka, clock, topics, rights,
            directory, certificate, peers, disk, store or backup.
        ok: Whether it is as it should be.
        words: What was seen.
        command: What to run next; empty if nothing is wrong.
    """

    check: str
    ok: bool
    words: str
    command: str
