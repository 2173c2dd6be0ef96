"""Commands: what an office wants to do to a case, and what its content must be like.

The checks here look at what a command says. Whether its step is possible at all, and whose step
it is, only the case's state can tell (``blo_domain.cases``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from blo_domain.attachments import check_files
from blo_domain.errors import RefusalReason, Refused
from blo_domain.lifecycle import NEEDS_DISPATCH, NEEDS_REASON
from blo_domain.markings import has_marking, is_marking_line
from blo_domain.wording import spaced
from blo_schemas.bodies import Correction, body_type, body_version, decode_body
from blo_schemas.bodies.attachments import attachments_in
from blo_schemas.bodies.operations import PhaseReport
from blo_schemas.bodies.steps import DeclineReason
from blo_schemas.codec import encode
from blo_schemas.content import WITHOUT_CONTENT, Content, Dispatch, HandlingCode
from blo_schemas.errors import WireError
from blo_schemas.fields import MapStruct
from blo_schemas.measures import Unit
from blo_schemas.plain_text import control_in
from blo_schemas.summary import Kind, PauseGround, Step, Urgency
from blo_schemas.text_fields import lines_of, texts_of
from blo_schemas.trust import Agreement

MAX_NTH: Final = 1_000_000
"""The last of a case's steps of one name that a correction can mean; no case has so many."""
_ANOTHER_WAY: Final = (
    "State secrets may go abroad only by decision of the heads of bodies that the law lists; send "
    "it by the way that they decide on."
)
_SHOWN: Final = 80
"""How much of a refused line is shown, in characters."""

_WHOLE_UNITS: Final = frozenset({Unit.TABLET, Unit.PLANT})


@dataclass(frozen=True, slots=True)
class Target:
    """An earlier step of the same office: the ``nth`` of its steps of that name, from 1."""

    step: Step
    nth: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What an officer has decided to do.

    Attributes:
        kind: The case's kind.
        step: What to do.
        on: Business date.
        body: Body of that kind and step, in its current version.
        urgency: The case's urgency from now on; ``None``: as it is, routine when opening.
        reason: Why, in words.
        dispatch: Common fields of the document that travels.
        corrects: For ``SUPERSEDE``: which step.
        due: When the requester wants it, Unix milliseconds; ``None``: as the agreement says.
        pause_ground: For ``PAUSE``: why.
    """

    kind: Kind
    step: Step
    on: date
    body: MapStruct
    urgency: Urgency | None = None
    reason: str | None = None
    dispatch: Dispatch | None = None
    corrects: Target | None = None
    due: int | None = None
    pause_ground: PauseGround | None = None


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """What a link's agreement says about contents.

    Attributes:
        refused_markings: Markings that it refuses beyond ``markings.STATE_SECRETS`` (docs/domain.md §6).
        refusal_grounds: Closed list of grounds for declining; empty: any reason in words.
    """

    refused_markings: tuple[str, ...] = ()
    refusal_grounds: tuple[str, ...] = ()

    @classmethod
    def of(cls, agreement: Agreement) -> ChannelRules:
        """The rules of one agreement."""
        return cls(agreement.refused_markings, agreement.policy.refusal_grounds)


def content_of(command: Command) -> Content:
    """The content to be sealed for a command that ``decide`` has let pass.

    Not to be asked of a step that has none (``WITHOUT_CONTENT``).
    """
    return Content(
        on=command.on,
        dispatch=command.dispatch,
        reason=command.reason,
        body=encode(command.body),
        body_version=body_version(command.kind, command.step),
    )


def check_content(command: Command, rules: ChannelRules) -> None:
    """Refuses a command whose content is incomplete, or that must not travel.

    Raises:
        Refused: Which rule it breaks, and what to do.
    """
    body = _check_body(command)
    if command.step in WITHOUT_CONTENT and (command.reason or command.dispatch):
        raise Refused(
            RefusalReason.NO_CONTENT,
            f"“{spaced(command.step)}” travels without words, because the key of the case is gone: "
            "leave out reason and document.",
        )
    if command.step in NEEDS_REASON and not (command.reason or "").strip():
        raise Refused(
            RefusalReason.REASON_MISSING,
            f"To {spaced(command.step)}, give the reason in words: the other office will read it.",
        )
    if command.step is Step.PAUSE and command.pause_ground is None:
        raise Refused(
            RefusalReason.PAUSE_GROUND_MISSING,
            "Say what the clocks are paused for: clarification, court, or other.",
        )
    if command.step in NEEDS_DISPATCH and command.dispatch is None:
        raise Refused(
            RefusalReason.DISPATCH_MISSING,
            f"To {spaced(command.step)}, a document must travel: give at least its subject.",
        )
    if command.dispatch is not None:
        _check_dispatch(command.dispatch, rules)
    _check_texts(command, body, rules)
    _check_lines(command, body)
    check_files([*attachments_in(command.dispatch), *attachments_in(body)])
    if isinstance(command.body, DeclineReason):
        _check_ground(command.body, rules)


def _check_lines(command: Command, body: MapStruct) -> None:
    """A field of one line holds no newline and no control, so it can't look like two."""
    parts = {"dispatch": command.dispatch, "body": body}
    for name, part in parts.items():
        for field, text in () if part is None else lines_of(part, name):
            control = control_in(text)
            if control is not None:
                raise Refused(
                    RefusalReason.WRONG_BODY,
                    f"“{field}” is one line of text, and holds the character {control}: type it again "
                    "without newlines and controls.",
                )


def is_classified(marking: str, refused: Iterable[str] = ()) -> bool:
    """Whether a field for markings names one that the channel refuses (docs/domain.md §6).

    A marking that only contains a refused word, as in ``Độ: TỐI MẬT``, is refused as well: rather
    ask once too often. How it may be written is in ``markings``.
    """
    return has_marking(marking, refused)


def _check_texts(command: Command, body: MapStruct, rules: ChannelRules) -> None:
    """No text of a command may be a marking of a state secret, or begin with one in any line."""
    for field, text in _texts(command, body):
        line = is_marking_line(text, rules.refused_markings)
        if line is not None:
            raise Refused(
                RefusalReason.CLASSIFIED_MARKING,
                f"“{field}” has a line that is marked as a state secret: “{line[:_SHOWN]}”. "
                f"{_ANOTHER_WAY} If it is no marking, begin the line with another word.",
            )


def _texts(command: Command, body: MapStruct) -> Iterator[tuple[str, str]]:
    yield from texts_of(command.reason, "reason")
    yield from texts_of(command.dispatch, "dispatch")
    yield from texts_of(body, "body")
    for at, attachment in enumerate(
        () if command.dispatch is None else command.dispatch.attachments
    ):
        yield f"dispatch.attachments[{at}].name", attachment.name.rpartition(".")[0]


def _check_dispatch(dispatch: Dispatch, rules: ChannelRules) -> None:
    if dispatch.marking and is_classified(dispatch.marking, rules.refused_markings):
        raise Refused(
            RefusalReason.CLASSIFIED_MARKING,
            f"This channel does not carry content marked “{dispatch.marking}”. {_ANOTHER_WAY}",
        )
    if dispatch.handling is HandlingCode.H3 and not dispatch.handling_note:
        raise Refused(
            RefusalReason.HANDLING_NOTE_MISSING,
            "Handling code H3 means restrictions in words: write them into the handling note.",
        )


def _check_ground(refusal: DeclineReason, rules: ChannelRules) -> None:
    if rules.refusal_grounds and refusal.ground not in rules.refusal_grounds:
        raise Refused(
            RefusalReason.REFUSAL_GROUND_UNKNOWN,
            "The agreement of this link allows declining only on one of these grounds: "
            + "; ".join(rules.refusal_grounds)
            + ".",
        )


def _check_body(command: Command) -> MapStruct:
    """The body that the command carries; of a correction the corrected one."""
    body = command.body
    _require_type(command.kind, command.step, body)
    if isinstance(body, Correction):
        body = _corrected(command, body)
    if isinstance(body, PhaseReport):
        _check_quantities(body)
    return body


def _require_type(kind: Kind, step: Step, body: MapStruct) -> None:
    expected = body_type(kind, step)
    if type(body) is not expected:
        raise Refused(
            RefusalReason.WRONG_BODY,
            f"“{spaced(step)}” of a {spaced(kind)} needs the fields of {expected.__name__}, "
            f"not those of {type(body).__name__}.",
        )


def _corrected(command: Command, correction: Correction) -> MapStruct:
    """The new body inside a correction, which must be the one that the command says it is."""
    wanted = command.corrects
    if wanted is not None and wanted.step not in (correction.corrects, Step.SUPERSEDE):
        raise Refused(
            RefusalReason.WRONG_BODY,
            f"The correction carries the fields of “{spaced(correction.corrects)}”, but is to "
            f"correct “{spaced(wanted.step)}”.",
        )
    try:
        version = body_version(command.kind, correction.corrects)
        if correction.body_version != version:
            raise Refused(
                RefusalReason.WRONG_BODY, f"Write the correction in body version {version}."
            )
        return decode_body(command.kind, correction.corrects, version, correction.body)
    except WireError as error:
        raise Refused(
            RefusalReason.WRONG_BODY, f"The corrected fields can't be read: {error}."
        ) from None


def _check_quantities(report: PhaseReport) -> None:
    """Each thing once, and countable things in whole numbers (docs/domain.md §4)."""
    seized = Counter((amount.substance, amount.unit) for amount in report.seizures)
    arrested = Counter(amount.nationality for amount in report.arrests)
    twice = [f"{s} in {u}" for (s, u), n in seized.items() if n > 1]
    twice += [f"arrests of {who or 'unstated nationality'}" for who, n in arrested.items() if n > 1]
    if twice:
        raise Refused(
            RefusalReason.QUANTITY,
            f"Listed twice: {'; '.join(twice)}. Add them up, or leave one out.",
        )
    for amount in report.seizures:
        if amount.unit in _WHOLE_UNITS and amount.amount % 1:
            raise Refused(
                RefusalReason.QUANTITY,
                f"{amount.amount} {amount.unit} of {amount.substance}: only whole ones can be counted.",
            )
