"""One line of a scenario file, decoded strictly, apart from the lines around it."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec

from blo_domain.commands import MAX_NTH
from blo_domain.lifecycle import STATES_DUE
from blo_lab.scenario.errors import ScenarioError
from blo_schemas.content import Dispatch
from blo_schemas.errors import WireError
from blo_schemas.fields import Text, WordEnum
from blo_schemas.instants import FIRST_DAY, LAST_DAY, is_business_day, unix_ms
from blo_schemas.mismatch import Mismatch, read_mismatch
from blo_schemas.summary import Kind, PauseGround, Step, Urgency
from blo_schemas.texts import from_object

LINE_DOWN: Final = "line_down"
LINE_UP: Final = "line_up"
LINE_STEPS: Final = (LINE_DOWN, LINE_UP)
"""What is done to an office's line, and not to a case."""

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]

YEARS: Final = range(1971, 2099)
"""The years in which a scenario may lie."""


class _Written(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A line as it stands in the file."""

    at: Instant
    office: str
    do: str
    link: str | None = None
    case: Label | None = None
    kind: str | None = None
    urgency: str | None = None
    on: date | None = None
    fields: dict[str, Any] | None = None
    reason: Text | None = None
    due: Instant | None = None
    ground: str | None = None


FIELDS: Final = _Written.__struct_fields__
"""The names of a line's fields."""


class _WrittenCorrection(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``fields`` of a ``supersede`` line."""

    corrects: str
    nth: Annotated[int, msgspec.Meta(ge=1, le=MAX_NTH)] = 1
    fields: dict[str, Any]
    dispatch: Dispatch | None = None


class CorrectionLine(msgspec.Struct, frozen=True, kw_only=True):
    """Which step of the case a ``supersede`` corrects: its nth one of that name."""

    step: Step
    nth: int


class ScenarioLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line, checked by itself.

    Attributes:
        number: Its place in the file, from 1.
        at: When the office acts.
        office: Which office.
        do: The step's word, ``line_down`` or ``line_up``.
        step: The step; ``None`` for what is done to the line.
        link: On which link; empty for what is done to the line.
        case: The file's own label of the case; likewise.
        kind: The case's kind, where it is opened.
        urgency: The urgency, where it is given.
        on: The business date.
        body: The fields of the kind and step; for a correction the new ones.
        dispatch: The common fields, as written.
        reason: In words.
        due: The due date that the requester states.
        ground: Why the clocks are to stand still.
        corrects: What a ``supersede`` corrects.
    """

    number: int
    at: datetime
    office: str
    do: str
    step: Step | None = None
    link: str = ""
    case: str = ""
    kind: Kind | None = None
    urgency: Urgency | None = None
    on: date | None = None
    body: dict[str, Any] = {}
    dispatch: dict[str, Any] | None = None
    reason: str | None = None
    due: datetime | None = None
    ground: PauseGround | None = None
    corrects: CorrectionLine | None = None

    @property
    def at_ms(self) -> int:
        """When the office acts, in Unix milliseconds."""
        return unix_ms(self.at)

    @property
    def due_ms(self) -> int | None:
        """The due date in Unix milliseconds, if one is stated."""
        return None if self.due is None else unix_ms(self.due)


_EXPECTED: Final = {
    "": "one JSON object",
    "at": "a moment with its offset, as 2025-03-01T08:00:00+07:00",
    "office": "an office's id, as vn-kyson",
    "do": "a step's word, line_down or line_up",
    "link": "a link's id, as vn-kyson~la-xiengkhouang",
    "case": "a label of 1 to 64 characters",
    "kind": "a kind's word, only where a case is opened",
    "urgency": "routine, urgent, very_urgent or immediate",
    "on": "the business date, as 2025-03-01",
    "fields": "an object with the fields of that kind and step",
    "reason": "words, 1 to 20000 characters",
    "due": "a moment with its offset, only with open, supply_information or reopen",
    "ground": "clarification, court or other, only with pause",
    "fields.corrects": "the word of the step that is corrected",
    "fields.nth": f"which of the case's steps of that word, counted from 1, {MAX_NTH} at most",
    "fields.fields": "an object with all new fields of the corrected step",
    "fields.dispatch": 'the common fields of a document, as {"subject": "…"}',
}


class _FieldReader:
    """Reads one line; knows where it stands, so that every error can say so."""

    def __init__(self, file: str, number: int) -> None:
        self.file = file
        self.number = number

    def error(self, field: str, problem: str, expected: str = "") -> ScenarioError:
        """The error for a field of this line."""
        known = expected or _EXPECTED.get(field) or _EXPECTED.get(field.partition(".")[0], "")
        return ScenarioError(self.file, self.number, field, problem, known)

    def convert(self, value: object, kind: Any, at: str = "") -> Any:
        """``value`` as ``kind``, or the error that names its field."""
        try:
            return from_object(value, kind)
        except WireError as error:
            raise self._explain(error.detail, kind, at) from None

    def word(self, kind: type[WordEnum], field: str, text: str) -> Any:
        """The member of a closed list that a word names."""
        for member in kind:
            if member.word == text:
                return member
        words = ", ".join(member.word for member in kind)
        extra = f"; or {', '.join(LINE_STEPS)}" if field == "do" else ""
        raise self.error(field, f"{text!r} is not known", f"one of {words}{extra}")

    def _explain(self, message: str, kind: Any, at: str) -> ScenarioError:
        mismatch = read_mismatch(message)
        field = ".".join(part for part in (at, mismatch.field) if part)
        problem = describe_mismatch(mismatch)
        if mismatch.unknown:
            names = ", ".join(one.encode_name for one in msgspec.structs.fields(kind))
            return self.error(field, problem, f"one of {names}")
        return self.error(field, problem)


def describe_mismatch(mismatch: Mismatch) -> str:
    """What is wrong with a field, in words about a file."""
    if mismatch.unknown:
        return "is not a field here"
    if mismatch.missing:
        return "is missing"
    if mismatch.got:
        return _plain(f"is of type {mismatch.got}, not {mismatch.expected}")
    if mismatch.expected:
        return _plain(f"is not a {mismatch.expected}")
    return _plain(mismatch.text[:1].lower() + mismatch.text[1:])


def _plain(text: str) -> str:
    return text.replace("`", "").replace(" | null", "").replace("$(?!\\n)", "$")


def read_line(file: str, number: int, text: str) -> ScenarioLine:
    """Decodes one line by itself; how it fits to others and the world is checked elsewhere.

    Args:
        file: What errors call the file.
        number: The line, counted from 1.
        text: The line, without its line feed.

    Raises:
        ScenarioError: It says the line, the field, and what was expected.
    """
    reader = _FieldReader(file, number)
    written = reader.convert(_parse(reader, text), _Written)
    assert isinstance(written, _Written)
    _check_year(reader, "at", written.at)
    if written.do in LINE_STEPS:
        return _line_step(reader, written)
    step = reader.word(Step, "do", written.do)
    _require(reader, written, step)
    line = ScenarioLine(
        number=number,
        at=written.at,
        office=written.office,
        do=written.do,
        step=step,
        link=written.link or "",
        case=written.case or "",
        kind=None if written.kind is None else reader.word(Kind, "kind", written.kind),
        urgency=_optional(reader, Urgency, "urgency", written.urgency),
        on=written.on,
        reason=written.reason,
        due=written.due,
        ground=_optional(reader, PauseGround, "ground", written.ground),
    )
    return _with_fields(reader, line, written.fields or {})


def _parse(reader: _FieldReader, text: str) -> object:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise reader.error(name, "stands twice", "each field once")
        return dict(pairs)

    def no_constant(name: str) -> object:
        raise ValueError(f"{name} is not JSON")

    if not text.strip():
        raise reader.error("", "the line is empty")
    decoder = json.JSONDecoder(
        object_pairs_hook=once, parse_float=Decimal, parse_constant=no_constant
    )
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise reader.error("", f"not JSON ({error})") from None


def _line_step(reader: _FieldReader, written: _Written) -> ScenarioLine:
    """What is done to an office's line has no other fields."""
    for name in written.__struct_fields__[3:]:
        if getattr(written, name) is not None:
            raise reader.error(name, f"stands with {written.do}", "only at, office and do")
    return ScenarioLine(number=reader.number, at=written.at, office=written.office, do=written.do)


def _require(reader: _FieldReader, written: _Written, step: Step) -> None:
    """Refuses a field that is missing, or that has no meaning for the step."""
    opens, pauses = step is Step.OPEN, step is Step.PAUSE
    for name in ("link", "case", "on"):
        if getattr(written, name) is None:
            raise reader.error(name, "is missing")
    for name, wanted in (("kind", opens), ("ground", pauses)):
        if wanted and getattr(written, name) is None:
            raise reader.error(name, "is missing")
        if not wanted and getattr(written, name) is not None:
            raise reader.error(name, f"stands with {written.do}")
    if written.due is not None and step not in STATES_DUE:
        raise reader.error("due", f"stands with {written.do}")
    _check_year(reader, "due", written.due)
    if written.on is not None and not is_business_day(written.on):
        raise reader.error("on", "lies too far away", f"a day from {FIRST_DAY} to {LAST_DAY}")


def _check_year(reader: _FieldReader, field: str, moment: datetime | None) -> None:
    """Refuses what Unix milliseconds and the lab's documents do not reach."""
    if moment is not None and moment.year not in YEARS:
        expected = f"a moment in one of the years {YEARS.start} to {YEARS.stop - 1}"
        raise reader.error(field, f"lies in the year {moment.year}", expected)


def _with_fields(reader: _FieldReader, line: ScenarioLine, fields: dict[str, Any]) -> ScenarioLine:
    """Sorts ``fields`` into the body, the common fields, and what a correction names."""
    corrects = None
    body = dict(fields)
    dispatch = body.pop("dispatch", None)
    if line.step is Step.SUPERSEDE:
        written = reader.convert(fields, _WrittenCorrection, "fields")
        step = reader.word(Step, "fields.corrects", written.corrects)
        corrects = CorrectionLine(step=step, nth=written.nth)
        body = written.fields
    if dispatch is not None:
        reader.convert(dispatch, Dispatch, "fields.dispatch")
    return msgspec.structs.replace(line, body=body, dispatch=dispatch, corrects=corrects)


def _optional(reader: _FieldReader, kind: type[WordEnum], field: str, text: str | None) -> Any:
    return None if text is None else reader.word(kind, field, text)
