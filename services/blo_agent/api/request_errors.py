"""Refusals of the API itself, before anything of the office is asked."""

from __future__ import annotations

from enum import StrEnum

from blo_agent.store.errors import ActionRefused


class RequestRefusal(StrEnum):
    """Why the API refuses a request. The list is closed."""

    NOT_JSON = "not_json"
    WRONG_FIELD = "wrong_field"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    WRONG_PARAMETER = "wrong_parameter"
    UNKNOWN_PARAMETER = "unknown_parameter"
    BAD_REQUEST = "bad_request"
    NOT_FOUND = "not_found"
    UNKNOWN_LINK = "unknown_link"
    UNKNOWN_CASE = "unknown_case"
    UNKNOWN_EVENT = "unknown_event"
    UNKNOWN_HEAD = "unknown_head"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_LARGE = "body_too_large"
    NO_JSON_BODY = "no_json_body"
    UNAVAILABLE = "unavailable"
    INCIDENT = "incident"


class RequestRefused(ActionRefused):
    """A request that is refused as it stands.

    Attributes:
        pointer: The field of the body at fault, as a JSON pointer.
        parameter: The part of the path, the query or the head at fault.
        expected: What was expected there, in words.
        example: A value that would do there.
    """

    reasons = (RequestRefusal,)

    def __init__(
        self,
        reason: RequestRefusal,
        words: str,
        *,
        pointer: str | None = None,
        parameter: str | None = None,
        expected: str | None = None,
        example: object = None,
    ) -> None:
        super().__init__(reason, words)
        self.pointer = pointer
        self.parameter = parameter
        self.expected = expected
        self.example = example


class BadRequest(RequestRefused):
    """A request that makes no sense; says which field, and what was expected."""

    def __init__(
        self,
        words: str,
        reason: RequestRefusal | None = None,
        *,
        pointer: str | None = None,
        parameter: str | None = None,
        expected: str | None = None,
        example: object = None,
    ) -> None:
        if reason is None and pointer is not None:
            reason = RequestRefusal.WRONG_FIELD
        elif reason is None and parameter is not None:
            reason = RequestRefusal.WRONG_PARAMETER
        super().__init__(
            reason or RequestRefusal.BAD_REQUEST,
            words,
            pointer=pointer,
            parameter=parameter,
            expected=expected,
            example=example,
        )
