"""No date or number that a request can name reaches further than the office can reckon."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blo_agent.api.parse import decode
from blo_agent.api.request_errors import BadRequest
from blo_agent.api.request_types import (
    ClockRequest,
    CommandRequest,
    DisclosureRequest,
    ReportRequest,
)

COMMAND: dict[str, Any] = {"link": "la-b~vn-a", "step": "open", "on": "2025-03-01"}
REPORT: dict[str, Any] = {"first": "2025-01-01", "last": "2025-12-31", "actor": "a"}
DISCLOSED: dict[str, Any] = {"reason": "r", "recipient": "r"}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (ReportRequest, REPORT, {"last": "9999-12-31"}),
        (ReportRequest, REPORT, {"first": "0001-01-01"}),
        (CommandRequest, COMMAND, {"on": "0001-01-01"}),
        (CommandRequest, COMMAND, {"on": "9999-12-31"}),
        (CommandRequest, COMMAND, {"due": "2025-03-01T08:00:00"}),
        (CommandRequest, COMMAND, {"due": "9999-12-31T12:00:00Z"}),
        (CommandRequest, COMMAND, {"due": "1969-12-31T23:59:59Z"}),
        (CommandRequest, COMMAND, {"at": "0001-01-01T00:00:00+14:00"}),
        (CommandRequest, COMMAND, {"fields": {"count": 2**70}}),
        (DisclosureRequest, DISCLOSED, {"from": "0001-01-01", "to": "2025-01-01"}),
        (ClockRequest, {"now": "1970-01-01T00:00:00Z"}, {"now": 2**53}),
    ],
)
def test_a_date_or_a_number_without_reason_is_a_bad_request(
    kind: type[Any], good: dict[str, Any], bad: dict[str, Any]
) -> None:
    decode(json.dumps(good).encode(), kind)
    with pytest.raises(BadRequest):
        decode(json.dumps(good | bad).encode(), kind)


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 100_000, b'{"a":"\\ud800"}', b"1e999999999"])
def test_what_is_no_json_is_a_bad_request(data: bytes) -> None:
    with pytest.raises(BadRequest):
        decode(data, CommandRequest)
