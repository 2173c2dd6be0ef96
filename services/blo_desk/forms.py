"""What a page has posted: fields of text, bounded, into structs; and where to go next."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response
from litestar.status_codes import HTTP_303_SEE_OTHER

from blo_agent.api.identity import CSRF_FIELD
from blo_agent.api.request_errors import BadRequest
from blo_desk.reader import LANGUAGE_FIELD
from blo_schemas.prepared_types import prepare

T = TypeVar("T")
MAX_FIELDS: Final = 500
MAX_BODY: Final = 256 * 1024
"""Bytes of a posted form."""

_OWN_PATH: Final = re.compile(r"/(?!/)[A-Za-z0-9/~._?=&%,+-]{0,500}")
_FRAME: Final = {CSRF_FIELD, LANGUAGE_FIELD}


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of posted forms: fields of text; an unknown one is refused."""


async def read_form(request: Request[Any, Any, Any], kind: type[T]) -> T:
    """The form that a request carries. Spaces around a text are no part of it.

    Raises:
        BadRequest: A field is missing, unknown, too long, or of another form.
    """
    fields = await fields_of(request)
    prepare(kind)
    try:
        return msgspec.convert(dict(fields), kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from error


async def fields_of(request: Request[Any, Any, Any]) -> Mapping[str, str]:
    """The fields of a form, without those of every form; of a repeated one the last.

    Raises:
        BadRequest: There are too many, or one of them is a file.
    """
    fields = await request.form()
    if len(fields) > MAX_FIELDS:
        raise BadRequest(f"a form has {MAX_FIELDS} fields at most")
    texts = {}
    for name, value in fields.multi_items():
        if not isinstance(value, str):
            raise BadRequest(f"{name}: is a file, and a text is expected")
        if name not in _FRAME:
            texts[name] = value.replace("\r\n", "\n").strip()
    return texts


def see(path: str) -> Response[None]:
    """An answer that sends the browser on to a page."""
    return Response(None, status_code=HTTP_303_SEE_OTHER, headers={"location": path})


def own_path(text: str) -> str:
    """An address of the desk; anything else that a request names becomes the first page."""
    return text if _OWN_PATH.fullmatch(text) else "/"


def from_base64url(text: str) -> bytes:
    """Bytes that a script has put into a field.

    Raises:
        BadRequest: They are not base64url.
    """
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise BadRequest("a field is not base64url") from error
