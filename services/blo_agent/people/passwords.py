"""Passwords: what is accepted, and how they are kept (NIST SP 800-63B §5.1.1.2).

A password has 12 to 128 characters of any kind. It must not be one that guessers try early: those
that were breached, names and words, rows of keys, repetitions, and what is known of the person and
the office. It is kept as an argon2id hash (RFC 9106, second recommended option).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from zxcvbn import zxcvbn

from blo_agent.people.errors import PeopleRefusal, refused

SHORTEST: Final = 12
LONGEST: Final = 128
FEWEST_GUESSES: Final = 10**8
"""A password that falls within so many guesses of a good guesser is refused."""

_PARTS: Final = re.compile(r"[\W_]+")
_JUDGED: Final = 72
"""The estimate reads so many characters; a longer one does not become easier to guess."""

_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
_NOBODY: Final = _HASHER.hash("a password that nobody has")


def hash_password(password: str, known: Iterable[str] = ()) -> str:
    """The hash of a new password; takes some 50 ms and 64 MiB.

    Args:
        password: The password.
        known: What others know of the person: id, name, office.

    Raises:
        PeopleRefused: The password is too short, too long, or easy to guess.
    """
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise refused(
            PeopleRefusal.PASSWORD_REFUSED,
            f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(text)}",
        )
    words = [word for entry in known for word in (entry, *_PARTS.split(entry)) if word]
    estimate = zxcvbn(text[:_JUDGED], user_inputs=words, max_length=_JUDGED)
    if estimate["guesses"] < FEWEST_GUESSES:
        raise refused(
            PeopleRefusal.PASSWORD_REFUSED,
            "this password is on the list of those that are tried first, or made of words, names, "
            "dates or rows of keys; take a sentence of four unusual words",
        )
    return _HASHER.hash(text)


def is_password(password: str, hashed: str | None) -> bool:
    """Whether a password is the one of a hash; takes as long for nobody's hash (``None``)."""
    if len(password) > 4 * LONGEST:
        return False
    try:
        _HASHER.verify(hashed or _NOBODY, _normal(password))
    except (Argon2Error, InvalidHashError):
        return False
    return hashed is not None


def _normal(password: str) -> str:
    """One form for all keyboards: NFKC, as NIST asks for."""
    return unicodedata.normalize("NFKC", password)
