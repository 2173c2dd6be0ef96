"""From the JSON of a request to the command that it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from blo_agent.agent import Agent
from blo_agent.api.enclosures import with_files
from blo_agent.api.expectations import refused_body, refused_mismatch
from blo_agent.api.request_errors import BadRequest, RequestRefusal, RequestRefused
from blo_agent.api.request_types import CommandRequest, CorrectionRequest, DisclosureRequest
from blo_agent.commands.accept import OfficeCommand
from blo_agent.commands.disclose import DisclosureCommand
from blo_agent.office.link_state import LinkState
from blo_agent.office.viewer import kind_of
from blo_domain.commands import Command, Target
from blo_schemas.bodies import KIND_WORDS, STEP_WORDS, body_from_json, body_type
from blo_schemas.errors import WireError
from blo_schemas.ids import HASH_SIZE, CaseId, EventId, LinkId
from blo_schemas.instants import unix_ms
from blo_schemas.mismatch import read_mismatch
from blo_schemas.summary import Kind, PauseGround, Step, Urgency
from blo_schemas.texts import from_hex, from_json, from_object

T = TypeVar("T")

_URGENCIES = {urgency.word: urgency for urgency in Urgency}
_GROUNDS = {ground.word: ground for ground in PauseGround}
_FIELDS: Final = re.compile(r"fields(?P<path>[^: ]*): (?P<words>.*)", re.DOTALL)
_SHOWN: Final = 80
"""Characters of a path that an answer repeats."""


def decode(data: bytes, kind: type[T]) -> T:
    """Reads a posted JSON object.

    Raises:
        BadRequest: It is not what is expected here.
    """
    try:
        return from_json(data, kind)
    except WireError as error:
        raise refused_body(error, kind) from error


def read_id(text: str, name: str = "case", size: int = HASH_SIZE) -> bytes:
    """An id in a path from its hexadecimal form.

    Args:
        text: The part of the path.
        name: What it names.
        size: The id's size in bytes.

    Raises:
        BadRequest: The text has not as many hexadecimal digits.
    """
    try:
        return from_hex(text, size)
    except WireError:
        expected = f"{2 * size} hexadecimal digits"
        raise BadRequest(
            f"{text[:_SHOWN]!r} is no id; expected {expected}",
            parameter=name,
            expected=expected,
            example="5e" * size,
        ) from None


def known_link(agent: Agent, link: str) -> LinkState:
    """The state of a link of the office.

    Raises:
        RequestRefused: It has none.
    """
    state = agent.office.links.get(LinkId(link))
    if state is None:
        known = ", ".join(sorted(agent.office.links)) or "none"
        raise RequestRefused(
            RequestRefusal.UNKNOWN_LINK,
            f"{agent.office.id} has no link {link[:_SHOWN]}; its links are: {known}",
            parameter="link",
        )
    return state


async def read_command(agent: Agent, wanted: CommandRequest, actor: str) -> OfficeCommand:
    """The command that a request of an actor asks for.

    Raises:
        BadRequest: A word is not one of its list, or the body does not fit; names the field.
        FileRefused: It names a file that is not known.
    """
    step = listed_word(STEP_WORDS, wanted.step, "/step")
    case = None if wanted.case is None else CaseId(from_hex(wanted.case))
    kind = await _kind(agent, wanted, case)
    try:
        body = body_from_json(kind, step, wanted.fields)
    except WireError as error:
        raise _refused_fields(error, kind, step) from error
    dispatch = await with_files(agent, wanted.dispatch, wanted.files)
    return OfficeCommand(
        LinkId(wanted.link),
        case,
        Command(
            kind=kind,
            step=step,
            on=wanted.on,
            body=body,
            urgency=_optional(_URGENCIES, wanted.urgency, "/urgency"),
            reason=wanted.reason,
            dispatch=dispatch,
            corrects=_corrected(wanted) if step is Step.SUPERSEDE else None,
            due=None if wanted.due is None else unix_ms(wanted.due),
            pause_ground=_optional(_GROUNDS, wanted.ground, "/ground"),
        ),
        actor,
    )


def read_disclosure(wanted: DisclosureRequest, actor: str) -> DisclosureCommand:
    """Which events a request of an actor wants disclosed.

    Raises:
        BadRequest: It names none, or names them in two ways.
    """
    period = None
    if wanted.first is not None and wanted.last is not None:
        period = wanted.first, wanted.last
        if wanted.last < wanted.first:
            raise BadRequest(f"{wanted.last} lies before {wanted.first}", pointer="/to")
    elif wanted.first is not None or wanted.last is not None:
        missing = "/from" if wanted.first is None else "/to"
        raise BadRequest(
            "a period needs from and to", RequestRefusal.MISSING_FIELD, pointer=missing
        )
    if [wanted.case is not None, bool(wanted.events), period is not None].count(True) != 1:
        raise BadRequest("name either a case, or events, or a period with from and to")
    return DisclosureCommand(
        reason=wanted.reason,
        recipient=wanted.recipient,
        actor=actor,
        case=None if wanted.case is None else CaseId(from_hex(wanted.case)),
        events=tuple(EventId(from_hex(event)) for event in wanted.events),
        period=period,
    )


def _corrected(wanted: CommandRequest) -> Target:
    """The step that a ``supersede`` corrects."""
    try:
        named = from_object(wanted.fields, CorrectionRequest)
    except WireError as error:
        raise refused_body(error, CorrectionRequest, "/fields") from error
    return Target(listed_word(STEP_WORDS, named.corrects, "/fields/corrects"), named.nth)


def _refused_fields(error: WireError, kind: Kind, step: Step) -> BadRequest:
    """The refusal of fields that are not those of the step."""
    place = _FIELDS.fullmatch(error.detail)
    if place is None:
        return BadRequest(error.detail, pointer="/step")
    under = "/fields"
    if step is Step.SUPERSEDE and error.what != f"{kind.word} {step.word}":
        # The fields of the corrected step lie one floor deeper, and so does what is wrong there.
        step, under = STEP_WORDS[error.what.removeprefix(f"{kind.word} ")], "/fields/fields"
    path, words = place["path"], place["words"]
    mismatch = read_mismatch(f"{words} - at `${path}`" if path else words)
    return refused_mismatch(mismatch, body_type(kind, step), under)


async def _kind(agent: Agent, wanted: CommandRequest, case: CaseId | None) -> Kind:
    if wanted.kind is not None:
        return listed_word(KIND_WORDS, wanted.kind, "/kind")
    link = LinkId(wanted.link)
    # A reader's thread answers: what the store's thread remembers is for that thread alone.
    kind = None
    if case is not None:
        kind = await agent.store.read(lambda snapshot: kind_of(snapshot, link, case))
    if kind is None:
        raise BadRequest(
            "`kind` is missing; a step in a case that is not known here must name it",
            RequestRefusal.MISSING_FIELD,
            pointer="/kind",
            expected=f"one of {', '.join(sorted(KIND_WORDS))}",
            example=min(KIND_WORDS),
        )
    return kind


def listed_word(words: Mapping[str, T], word: str, place: str) -> T:
    """The value of a word from a list.

    Args:
        words: The list.
        word: The word.
        place: Where it stands: a JSON pointer, or the name of a parameter.

    Raises:
        BadRequest: The word is not on the list; names the place and the list.
    """
    value = words.get(word)
    if value is None:
        known = f"one of {', '.join(sorted(words))}"
        is_field = place.startswith("/")
        raise BadRequest(
            f"{word[:_SHOWN]!r} is not {known}",
            pointer=place if is_field else None,
            parameter=None if is_field else place,
            expected=known,
            example=min(words),
        )
    return value


def _optional(words: Mapping[str, T], word: str | None, pointer: str) -> T | None:
    return None if word is None else listed_word(words, word, pointer)
