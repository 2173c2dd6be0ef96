"""Body schemas with their history, and how old bodies are lifted to the current form (docs/architecture.md, "The case").

An event is never rewritten, so a body stays in the log in the version in which it was written. A
schema keeps the struct of every version there ever was; each old one says how it becomes the next.
Everybody else sees only the current struct.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from blo_schemas.codec import Codec
from blo_schemas.errors import UnknownVersion, WrongType
from blo_schemas.fields import MapStruct
from blo_schemas.summary import Kind, Step

MAX_BODY_VERSION: Final = 127


@dataclass(frozen=True, slots=True)
class OlderSchema:
    """A version that is no longer written.

    Attributes:
        type: Its struct.
        lift: Turns it into the struct of the next version.
    """

    type: type[MapStruct]
    lift: Callable[[Any], MapStruct]


class BodySchema:
    """The body of one step: its current struct, and the older ones from version 1 on.

    Args:
        current: The struct that is written today.
        older: Versions 1, 2, ... in order; the current one is the next number.

    Raises:
        ValueError: There are more versions than the frame can name.
    """

    __slots__ = ("_codecs", "current", "older", "version")

    def __init__(self, current: type[MapStruct], older: tuple[OlderSchema, ...] = ()) -> None:
        if len(older) >= MAX_BODY_VERSION:
            raise ValueError(f"at most {MAX_BODY_VERSION} versions fit into the frame")
        self.current: Final = current
        self.older: Final = older
        self.version: Final = len(older) + 1
        self._codecs: Final = tuple(Codec(kind) for kind in (*(o.type for o in older), current))

    def type_of(self, version: int) -> type[MapStruct]:
        """The struct of one version.

        Raises:
            UnknownVersion: There is no such version, or this program is too old for it.
        """
        self._check(version)
        return self.current if version == self.version else self.older[version - 1].type

    def decode(self, version: int, data: bytes) -> MapStruct:
        """Reads a body of any version strictly, and lifts it to the current one.

        Raises:
            WireError: One of its subclasses, which names the defect.
        """
        self._check(version)
        body = self._codecs[version - 1].decode(data)
        for older in self.older[version - 1 :]:
            body = older.lift(body)
        return body

    def _check(self, version: int) -> None:
        if not 1 <= version <= self.version:
            known = ", ".join(map(str, range(1, self.version + 1)))
            raise UnknownVersion(
                self.current.__name__, f"version {version}; this program knows {known}"
            )


class BodyRegistry:
    """Which body belongs to which kind and step. It can't be changed once it is built."""

    __slots__ = ("_schemas",)

    def __init__(self, schemas: Mapping[tuple[Kind, Step], BodySchema]) -> None:
        self._schemas: Final = MappingProxyType(dict(schemas))

    def __iter__(self) -> Iterator[tuple[Kind, Step]]:
        return iter(self._schemas)

    def __contains__(self, pair: object) -> bool:
        return pair in self._schemas

    def __len__(self) -> int:
        return len(self._schemas)

    def schema(self, kind: Kind, step: Step) -> BodySchema:
        """The schema of a step's body.

        Raises:
            WrongType: The kind has no such step.
        """
        schema = self._schemas.get((kind, step))
        if schema is None:
            raise WrongType("body", f"a {kind.word} has no step {step.word}")
        return schema

    def with_schema(self, kind: Kind, step: Step, schema: BodySchema) -> BodyRegistry:
        """A registry that differs in one schema."""
        return BodyRegistry({**self._schemas, (kind, step): schema})
