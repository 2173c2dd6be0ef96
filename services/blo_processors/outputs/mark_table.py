"""Tables of marks: which outputs are on the topics. Large ones lie in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Generic, NamedTuple, TypeVar

from blo_processors.outputs.encode import Mark
from blo_processors.snapshot.state_file import StateFile
from blo_schemas.outputs import OutputKind

K = TypeVar("K")

MARK_SIZE: Final = 16
NO_MARK: Final[Mark] = bytes(MARK_SIZE)
_MOST_IN_MEMORY: Final = 20_000


class MarkTable(Generic[K]):
    """A mark for each key, in memory as long as there are few.

    Args:
        name: Turns a key into bytes.
        key: Turns them back.
    """

    def __init__(self, name: Callable[[K], bytes], key: Callable[[bytes], K]) -> None:
        self._name = name
        self._key = key
        self._marks: dict[K, Mark] = {}
        self._file: StateFile | None = None

    def get(self, key: K) -> Mark | None:
        """The mark of a key, if it has one; raises as ``StateFile.temporary``."""
        mark = self._marks.get(key)
        if mark is None and self._file is not None:
            return self._file.output_mark(self._name(key))
        return mark

    def __setitem__(self, key: K, mark: Mark) -> None:
        self._marks[key] = mark
        if len(self._marks) > _MOST_IN_MEMORY:
            self._spill()

    def items(self) -> Iterator[tuple[K, Mark]]:
        """All keys and their marks; nothing may be added meanwhile."""
        for name, mark in () if self._file is None else self._file.output_marks():
            key = self._key(name)
            if key not in self._marks:
                yield key, mark
        yield from self._marks.items()

    def _spill(self) -> None:
        if self._file is None:
            self._file = StateFile.temporary()
        for key, mark in self._marks.items():
            self._file.put_output_mark(self._name(key), mark)
        self._marks.clear()


class KnownMarks(NamedTuple):
    """The marks of an output that is known to be on its topic.

    Attributes:
        own: Of the exact bytes of the own record; zeros: the output is another processor's.
        plain: Of its content.
    """

    own: Mark
    plain: Mark


class KnownOutputs:
    """The outputs that are known to be on the topics, in the link's state file.

    A mark of an earlier moment does no harm: the output is written once more.

    Args:
        file: The file.
    """

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def get(self, kind: OutputKind, key: bytes) -> KnownMarks | None:
        """The marks of an output, if it is known.

        Args:
            kind: Its kind.
            key: An alert's id, or ``position_key``.

        Raises:
            StateError: The file can't be read.
        """
        marks = self._file.output_mark(bytes((kind,)) + key)
        return None if marks is None else KnownMarks(marks[:MARK_SIZE], marks[MARK_SIZE:])

    def put(self, kind: OutputKind, key: bytes, marks: KnownMarks) -> None:
        """Note that an output is on its topic; raises as ``get``."""
        self._file.put_output_mark(bytes((kind,)) + key, marks.own + marks.plain)

    def has_alert(self, alert: bytes) -> bool:
        """Whether an alert or clearing is known, by its id; raises as ``get``."""
        return self.get(OutputKind.ALERT, alert) is not None

    def has(self, kind: OutputKind, position: int, *marks: Mark) -> bool:
        """Whether a trail entry or checkpoint with one of these marks is known; raises as ``get``."""
        keys = (position_key(position), pending_key(position))
        known = [self.get(kind, key) for key in keys]
        return any(each is not None and mark in each for each in known for mark in marks)


def position_key(position: int) -> bytes:
    """The key of a trail entry or checkpoint."""
    return position.to_bytes(8, "big")


def pending_key(position: int) -> bytes:
    """The key of a trail entry whose record waits for a key."""
    return b"waits" + position_key(position)


def seen_key(alert: bytes) -> bytes:
    """The key of an alert that lies on the topic and that the fold has not given yet."""
    return b"seen" + alert


def trail_place(name: bytes) -> tuple[OutputKind, int]:
    """The kind and position of ``trail_name``."""
    return OutputKind(name[0]), int.from_bytes(name[1:], "big")


def trail_name(place: tuple[OutputKind, int]) -> bytes:
    """The name of a trail entry or checkpoint in a table of both."""
    kind, position = place
    return bytes((kind,)) + position_key(position)
