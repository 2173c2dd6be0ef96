"""What the handling codes forbid, and the words that stand on every view, print and export.

The codes are Europol's (docs/domain.md §3): H0 none beyond the use for law enforcement, H1 not in
court without the provider's permission, H2 not passed on without the provider's permission, H3
other restrictions in words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from blo_domain.errors import DomainError
from blo_domain.text_fold import identity
from blo_schemas.content import Dispatch, HandlingCode
from blo_schemas.ids import OfficeId

MEANINGS: Final = {
    HandlingCode.H0: "for the use of law enforcement",
    HandlingCode.H1: "not to be used in court without the provider's permission",
    HandlingCode.H2: "not to be passed on without the provider's permission",
    HandlingCode.H3: "restricted as the provider's note says",
}


class OnwardRefused(DomainError):
    """A content may not be passed on; ``str()`` says what to ask for."""


def restrictions(dispatches: Iterable[Dispatch]) -> tuple[str, ...]:
    """The sentences about handling that a view of these documents must show, without repetition.

    Args:
        dispatches: The documents that are shown.
    """
    lines: dict[str, None] = {}
    for dispatch in dispatches:
        line = f"{dispatch.handling}: {MEANINGS[dispatch.handling]}"
        if dispatch.handling_note:
            line = f"{line}: {dispatch.handling_note}"
        lines[line] = None
        if dispatch.onward_caveat:
            lines[f"Passing on: {dispatch.onward_caveat}"] = None
    return tuple(lines)


def onward_recipients(dispatches: Iterable[Dispatch]) -> frozenset[str]:
    """Whom a provider permits to be given its documents, folded as names are compared.

    The permission is signed: it is the onward caveat of a document of the provider itself, the one
    in question or another one of its case. Names are parted by semicolons.

    Args:
        dispatches: Documents of one provider.
    """
    caveats = (dispatch.onward_caveat or "" for dispatch in dispatches)
    return frozenset(
        folded for caveat in caveats for name in caveat.split(";") if (folded := identity(name))
    )


def check_onward(
    codes: Collection[HandlingCode],
    provider: OfficeId,
    recipient: str,
    permitted: Collection[str],
) -> None:
    """Refuse to give a content to somebody whom the provider has not permitted.

    Args:
        codes: The codes of the documents in question.
        provider: The office that provided them.
        recipient: Who would get them.
        permitted: Whom the provider has permitted (``onward_recipients``).

    Raises:
        OnwardRefused: A document is marked H2, and the recipient is neither the provider nor
            permitted.
    """
    is_provider = recipient == provider
    if HandlingCode.H2 in codes and not is_provider and identity(recipient) not in permitted:
        raise OnwardRefused(
            f"{provider} has marked this H2, {MEANINGS[HandlingCode.H2]}; ask {provider} for a "
            f"document in this case whose onward caveat names {recipient}."
        )
