"""Pages ask the functions behind the API, as the person who reads: nothing is decided twice.

So what the API bounds, refuses and notes in the journal holds for pages, and a form is checked as
the JSON that it stands for.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.types import HTTPScope, Receive

from blo_agent.api.identity import actor_of
from blo_agent.api.parse import decode
from blo_agent.api.request_input import WANTED, body_type_of
from blo_agent.people.access import answer_of, check_allowed
from blo_domain.people.permissions import Action, Permission

Req = Request[Any, Any, State]


async def call(handler: HTTPRouteHandler, request: Req, /, **arguments: Any) -> Any:
    """What a handler of the API answers to the person who has sent a request.

    Args:
        handler: The handler.
        request: The request for a page; ``posted`` makes one with a body.
        arguments: What the handler takes.

    Raises:
        PeopleRefused: The person may do none of the handler's actions.
        ActionRefused: As the handler says.
    """
    actor = actor_of(request)
    needed: tuple[Action, ...] = handler.opt["actions"]
    if needed and all(answer_of(actor, act) is Permission.REFUSED for act in needed):
        check_allowed(actor, needed[0])
    takes = handler.parsed_fn_signature.parameters
    if "request" in takes:
        arguments["request"] = request
    if WANTED in takes:
        # As the API reads it: what is unknown, missing or of another form is refused here, too.
        arguments[WANTED] = decode(await request.body(), body_type_of(handler))
    answer = await handler.fn(**arguments)
    return answer.content if isinstance(answer, Response) else answer


def posted(request: Req, body: msgspec.Struct) -> Req:
    """The request of a page as the API's request with a JSON body.

    Args:
        request: The request.
        body: What the API is to read; what is ``None`` counts as left out.
    """
    given = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not None
    }
    names = dict(zip(body.__struct_fields__, body.__struct_encode_fields__, strict=True))
    data = msgspec.json.encode({names[name]: value for name, value in given.items()})
    # All of the request but what was read of it already, and its form of a body.
    scope = {**cast("dict[str, Any]", request.scope), "headers": [], "state": {}}

    async def receive() -> Any:
        return {"type": "http.request", "body": data, "more_body": False}

    return Request(cast("HTTPScope", scope), receive=cast("Receive", receive))
