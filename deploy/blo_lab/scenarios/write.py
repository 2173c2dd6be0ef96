"""How a generator writes a scenario: cases, steps, and an order of time in the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from blo_schemas.ids import country_of
from blo_schemas.texts import moment_from

_OFFSETS: Final = {"cn": "+08:00", "la": "+07:00", "vn": "+07:00"}
_ORDER: Final = (
    "at",
    "office",
    "link",
    "case",
    "do",
    "kind",
    "urgency",
    "on",
    "due",
    "ground",
    "reason",
    "fields",
)
"""The order of a line's fields in the file."""


def spread(count: int, first: date, last: date) -> Iterator[date]:
    """``count`` days from ``first`` to ``last``, at even distances."""
    whole = (last - first).days
    for n in range(count):
        yield first + timedelta(days=n * whole // max(count - 1, 1))


class Year:
    """The lines of a scenario, written in any order."""

    def __init__(self) -> None:
        self._lines: list[dict[str, Any]] = []

    def write(self, office: str, when: str, do: str, **fields: Any) -> None:
        """Writes one line.

        Args:
            office: Who acts.
            when: The office's own clock, ``2025-03-01 08:00``.
            do: What is done.
            fields: The line's other fields; those that are ``None`` or empty are left out.
        """
        given = {name.rstrip("_"): value for name, value in fields.items() if value}
        at = f"{when.replace(' ', 'T')}:00{_OFFSETS[country_of(office)]}"  # type: ignore[arg-type]
        line = {"at": at, "office": office, "do": do, **given}
        self._lines.append({name: line[name] for name in _ORDER if name in line})

    def case(self, link: str, label: str, kind: str) -> CaseBook:
        """A case to be opened and gone on with."""
        return CaseBook(self, link, label, kind)

    def text(self) -> str:
        """The file: the lines in order of time, one JSON object each."""
        ordered = sorted(self._lines, key=lambda line: moment_from(line["at"]))
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in ordered)


class CaseBook:
    """One case of the scenario."""

    def __init__(self, year: Year, link: str, label: str, kind: str) -> None:
        self._year = year
        self._link = link
        self._label = label
        self._kind = kind

    def open(
        self,
        office: str,
        when: str,
        subject: str,
        fields: dict[str, Any],
        *,
        urgency: str | None = None,
        on: str | None = None,
        due: str | None = None,
        **dispatch: Any,
    ) -> None:
        """The line that opens the case; further keywords are common fields of its document."""
        document = {"subject": subject, **dispatch}
        self._step(
            office,
            when,
            "open",
            on,
            kind=self._kind,
            urgency=urgency,
            due=due,
            fields={**fields, "dispatch": document},
        )

    def do(
        self,
        office: str,
        when: str,
        step: str,
        fields: dict[str, Any] | None = None,
        *,
        on: str | None = None,
        **more: Any,
    ) -> None:
        """A line that goes on with the case; further keywords are the line's own fields."""
        self._step(office, when, step, on, fields=fields, **more)

    def correct(
        self, office: str, when: str, step: str, fields: dict[str, Any], *, on: str, nth: int = 1
    ) -> None:
        """A line that replaces the office's ``nth`` report of ``step``."""
        correction = {"corrects": step, "nth": nth, "fields": fields}
        self._step(office, when, "supersede", on, fields=correction)

    def _step(self, office: str, when: str, do: str, on: str | None, **fields: Any) -> None:
        self._year.write(
            office, when, do, link=self._link, case=self._label, on=on or when[:10], **fields
        )
