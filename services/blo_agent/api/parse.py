"""From the JSON of a request to the command that it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from litestar.exceptions import HTTPException, NotFoundException

from blo_agent.agent import Agent
from blo_agent.api.request_types import CommandRequest, CorrectionRequest, DisclosureRequest
from blo_agent.commands.accept import OfficeCommand
from blo_agent.commands.disclose import DisclosureCommand
from blo_agent.office.link_state import LinkState
from blo_domain.commands import Command, Target
from blo_schemas.bodies import KIND_WORDS, STEP_WORDS, body_from_json
from blo_schemas.errors import WireError
from blo_schemas.ids import HASH_SIZE, CaseId, EventId, LinkId
from blo_schemas.instants import unix_ms
from blo_schemas.summary import Kind, PauseGround, Step, Urgency
from blo_schemas.texts import from_hex, from_json, from_object

T = TypeVar("T")

_URGENCIES = {urgency.word: urgency for urgency in Urgency}
_GROUNDS = {ground.word: ground for ground in PauseGround}


class BadRequest(HTTPException):
    """A request that makes no sense; says what was expected."""

    status_code = 400


def decode(data: bytes, kind: type[T]) -> T:
    """Reads a posted JSON object.

    Raises:
        BadRequest: It is not what is expected here.
    """
    try:
        return from_json(data, kind)
    except WireError as error:
        raise BadRequest(error.detail) from error


def read_id(text: str) -> bytes:
    """A case's or an event's id from its hexadecimal form.

    Raises:
        BadRequest: The text is not 64 hexadecimal digits.
    """
    try:
        return from_hex(text, HASH_SIZE)
    except WireError:
        raise BadRequest(f"{text!r} is no id; expected 64 hexadecimal digits") from None


def known_link(agent: Agent, link: str) -> LinkState:
    """The state of a link of the office.

    Raises:
        NotFoundException: It has none.
    """
    state = agent.office.links.get(LinkId(link))
    if state is None:
        known = ", ".join(sorted(agent.office.links)) or "none"
        raise NotFoundException(f"{agent.office.id} has no link {link}; its links are: {known}")
    return state


def read_command(agent: Agent, wanted: CommandRequest, actor: str) -> OfficeCommand:
    """The command that a request of an actor asks for.

    Raises:
        BadRequest: A word is not one of its list, or the body does not fit; names the field.
    """
    step = listed_word(STEP_WORDS, wanted.step, "step")
    case = None if wanted.case is None else CaseId(from_hex(wanted.case))
    kind = _kind(agent, wanted, case)
    try:
        body = body_from_json(kind, step, wanted.fields)
    except WireError as error:
        raise BadRequest(f"fields: {error}") from error
    return OfficeCommand(
        LinkId(wanted.link),
        case,
        Command(
            kind=kind,
            step=step,
            on=wanted.on,
            body=body,
            urgency=_optional(_URGENCIES, wanted.urgency, "urgency"),
            reason=wanted.reason,
            dispatch=wanted.dispatch,
            corrects=_corrected(wanted) if step is Step.SUPERSEDE else None,
            due=None if wanted.due is None else unix_ms(wanted.due),
            pause_ground=_optional(_GROUNDS, wanted.ground, "ground"),
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
            raise BadRequest(f"to: {wanted.last} lies before from: {wanted.first}")
    elif wanted.first is not None or wanted.last is not None:
        raise BadRequest("from, to: a period needs both")
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
        raise BadRequest(f"fields: {error.detail}") from error
    return Target(listed_word(STEP_WORDS, named.corrects, "fields.corrects"), named.nth)


def _kind(agent: Agent, wanted: CommandRequest, case: CaseId | None) -> Kind:
    if wanted.kind is not None:
        return listed_word(KIND_WORDS, wanted.kind, "kind")
    state = agent.office.links.get(LinkId(wanted.link))
    view = state.view(case) if state is not None and case is not None else None
    if view is None:
        raise BadRequest("kind: is missing; a step in a case that is not known here must name it")
    return view.kind


def listed_word(words: Mapping[str, T], word: str, field: str) -> T:
    """The value of a word from a list.

    Raises:
        BadRequest: The word is not on the list; names the field and the list.
    """
    value = words.get(word)
    if value is None:
        raise BadRequest(f"{field}: {word!r} is not one of {', '.join(sorted(words))}")
    return value


def _optional(words: Mapping[str, T], word: str | None, field: str) -> T | None:
    return None if word is None else listed_word(words, word, field)
