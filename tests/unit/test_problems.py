"""Every refusal of the office's node is a problem with a page, and nothing else has one."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from litestar import post

import blo_agent
from blo_agent.api.expectations import expectation_of
from blo_agent.api.identity import check_handlers, for_anybody
from blo_agent.api.parse import decode
from blo_agent.api.problem_document import document
from blo_agent.api.problem_table import PROBLEMS
from blo_agent.api.problems import problem_of
from blo_agent.api.request_errors import BadRequest, RequestRefusal
from blo_agent.api.request_types import CommandRequest, DisclosureRequest, Instant, StrictRequest
from blo_agent.store.errors import ActionRefused


def refusals() -> Iterator[type[ActionRefused]]:
    """Every class of refusals, after all modules of the agent were imported."""
    for module in pkgutil.walk_packages(blo_agent.__path__, "blo_agent."):
        importlib.import_module(module.name)
    waiting = [ActionRefused]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind is not ActionRefused and kind.__module__.startswith("blo_agent."):
            yield kind


def test_every_reason_of_every_refusal_has_its_problem_and_no_problem_is_left_over() -> None:
    classes = list(refusals())
    assert len(classes) > 7
    reasons = set()
    for kind in classes:
        assert kind.reasons, f"{kind.__name__} names no reasons"
        reasons |= {reason.value for row in kind.reasons for reason in row}
    assert reasons == set(PROBLEMS)


def test_a_refusal_with_a_reason_of_another_list_is_a_fault_of_the_program() -> None:
    class Refused(ActionRefused):
        reasons = (RequestRefusal,)

    Refused(RequestRefusal.INCIDENT, "words")
    with pytest.raises(TypeError):
        ActionRefused(RequestRefusal.INCIDENT, "words")


def test_a_problem_says_in_words_what_to_do_and_has_an_error_s_status() -> None:
    for name, kind in PROBLEMS.items():
        assert 400 <= kind.status < 600, name
        assert kind.title[:1].isupper(), name
        assert not kind.title.endswith("."), name
        assert kind.todo.endswith("."), name


def test_the_page_is_the_table_s(project_root: Path, tmp_path: Path) -> None:
    page = project_root / "docs/problems.md"
    assert page.read_text(encoding="utf-8") == document(), "run make diagrams"
    made = tmp_path / "page.md"
    subprocess.run([sys.executable, "-m", "blo_agent.api.problem_document", made], check=True)
    assert made.read_text(encoding="utf-8") == document()


class Inner(StrictRequest, frozen=True):
    count: Annotated[int, msgspec.Meta(ge=1, le=9)]


class Outer(StrictRequest, frozen=True):
    """A request with something of each sort."""

    at: Instant
    rows: tuple[Inner, ...] = ()
    code: Annotated[
        str, msgspec.Meta(pattern="^[a-z]$", description="one letter", examples=["q"])
    ] = "a"
    choice: bool = False


AT = b'"at": "2025-03-01T08:00:00+07:00"'
COMMAND = b'"link": "a~b", "step": "open", "on": "2025-03-01"'


@pytest.mark.parametrize(
    ("kind", "body", "name", "pointer", "expected", "example"),
    [
        (Outer, b"{", "not_json", None, None, None),
        (Outer, b"[]", "wrong_field", "", "an object with at", {"at": "2025-03-01T08:00:00+07:00"}),
        (Outer, b"{}", "missing_field", "/at", "RFC 3339", "2025-03-01T08:00:00+07:00"),
        (Outer, b'{"at": "2025-03-01T08:00:00"}', "wrong_field", "/at", "offset", None),
        (Outer, b"{%s, \"rows\": [{}]}" % AT, "missing_field", "/rows/0/count", "1 up to 9", 1),
        (Outer, b"{%s, \"rows\": [{\"count\": 0}]}" % AT, "wrong_field", "/rows/0/count", "9", 1),
        (Outer, b"{%s, \"rows\": 3}" % AT, "wrong_field", "/rows", "a list", [{"count": 1}]),
        (Outer, b"{%s, \"code\": \"Q7\"}" % AT, "wrong_field", "/code", "one letter", "q"),
        (Outer, b"{%s, \"choice\": 1}" % AT, "wrong_field", "/choice", "true or false", True),
        (Outer, b"{%s, \"a/b~\": 1}" % AT, "unknown_field", "/a~1b~0", "one of at, rows", None),
        (CommandRequest, b"{%s, \"case\": \"12\"}" % COMMAND, "wrong_field", "/case", "64", None),
        (CommandRequest, b'{"link": "a", "step": "x", "on": "0001-01-01"}', "wrong_field", "/on",
         "a date", "2025-03-01"),
        (DisclosureRequest, b'{"reason": "a", "recipient": "b", "from": "0001-01-01"}',
         "wrong_field", "/from", "a date", "2025-03-01"),
        (DisclosureRequest, b'{"reason": "a\\nb", "recipient": "b"}', "wrong_field", "/reason",
         "text", None),
        (CommandRequest, b"{%s, \"dispatch\": {\"subject\": \"a\\nb\"}}" % COMMAND, "wrong_field",
         "/dispatch/subject", "text", None),
    ],
)  # fmt: skip
def test_a_body_that_does_not_fit_is_told_by_its_field_what_was_expected_and_an_example(
    kind: type[Any], body: bytes, name: str, pointer: str, expected: str | None, example: object
) -> None:
    with pytest.raises(BadRequest) as told:
        decode(body, kind)
    problem = problem_of(told.value)
    assert (problem.name, problem.pointer) == (name, pointer)
    assert expected is None or expected in (problem.expected or "")
    assert example is None or problem.example == example
    assert "regex" not in problem.detail
    assert "`$" not in problem.detail


def patterns(node: msgspec.inspect.Type, place: str) -> Iterator[str]:
    """The places in a type where text has to match a pattern and nobody says in words which."""
    if isinstance(node, msgspec.inspect.Metadata):
        said = (node.extra_json_schema or {}).keys()
        if isinstance(node.type, msgspec.inspect.StrType):
            if node.type.pattern and not {"description", "examples"} <= said:
                yield place
            return
        yield from patterns(node.type, place)
    elif isinstance(node, msgspec.inspect.StrType) and node.pattern:
        yield place
    elif isinstance(node, msgspec.inspect.UnionType):
        for option in node.types:
            yield from patterns(option, place)
    elif isinstance(node, msgspec.inspect.VarTupleType | msgspec.inspect.ListType):
        yield from patterns(node.item_type, place)
    elif isinstance(node, msgspec.inspect.StructType):
        for field in node.fields:
            yield from patterns(field.type, f"{place}.{field.encode_name}")


def requests() -> list[type[StrictRequest]]:
    waiting, known = [StrictRequest], []
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind is not StrictRequest and kind.__module__.startswith("blo_agent."):
            known.append(kind)
    return known


def test_no_field_of_a_request_is_explained_by_a_regular_expression() -> None:
    list(refusals())
    assert len(requests()) > 20
    unsaid = [
        place
        for kind in requests()
        for place in patterns(msgspec.inspect.type_info(kind), kind.__name__)
    ]
    assert unsaid == []


def test_the_example_of_every_request_is_one() -> None:
    for kind in requests():
        example = expectation_of(msgspec.inspect.type_info(kind)).example
        msgspec.convert(example, kind)


def test_a_handler_that_says_neither_what_it_does_nor_what_it_takes_makes_no_application() -> None:
    @post("/a")
    async def says_nothing() -> None: ...

    @post("/b", opt=for_anybody())
    async def takes_anything() -> None: ...

    @post("/c", opt={**for_anybody(), "takes_bytes": True})
    async def takes_bytes() -> None: ...

    for handler, words in ((says_nothing, "names no actions"), (takes_anything, "names no body")):
        with pytest.raises(TypeError, match=words):
            check_handlers([handler])
    check_handlers([takes_bytes])
