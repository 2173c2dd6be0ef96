"""Requests that are sent twice: the same ``Idempotency-Key`` gets the same answer for seven days.

The answer is kept in the transaction of what the request does, so a crash leaves both or neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from blo_agent.api.request_errors import BadRequest
from blo_agent.store.connection import Transaction
from blo_agent.store.errors import ActionRefused, JobRefused
from blo_agent.store.tables import systems

HEADER: Final = "idempotency-key"
MAY_RETRY: Final = "may_retry"
"""The key in a handler's ``opt``: it keeps its answer in the transaction of its work."""

KEPT_MS: Final = 7 * 86_400_000
_UNANSWERED: Final = 0
_KEY: Final = re.compile(r"[\x21-\x7e]{8,128}")

T = TypeVar("T")


class RetryRefusal(StrEnum):
    """Why a request with an idempotency key is refused."""

    KEY_USED = "key_used"
    ANSWER_MISSING = "answer_missing"
    SHOWN_ONCE = "shown_once"


class RetryRefused(ActionRefused):
    """The key came with another request before, or has no answer that can be repeated."""

    reasons = (RetryRefusal,)


class AnsweredBefore(JobRefused):
    """The request was carried out before.

    Attributes:
        kept: What it was answered.
    """

    def __init__(self, kept: systems.KeptAnswer) -> None:
        super().__init__("the request was carried out before")
        self.kept = kept


class RetriedRequest:
    """A request that may come again.

    Args:
        request: The request.
        body: Its body.
        actor: Who asks; keys of others are none of this request's business.
        now: The office's clock, Unix milliseconds.

    Raises:
        BadRequest: The key is none.
    """

    def __init__(
        self, request: Request[Any, Any, State], body: bytes, actor: str, now: int
    ) -> None:
        self._key = request.headers.get(HEADER)
        if self._key is not None and not _KEY.fullmatch(self._key):
            raise BadRequest(
                "an idempotency key has 8 to 128 visible ASCII characters",
                parameter=HEADER,
                expected="8 to 128 visible ASCII characters, such as a UUID",
                example="0b5c2f0e-8a37-4a55-9d7c-5f6f1f6f2f11",
            )
        place = f"{request.method} {request.url.path}?{request.url.query}".encode()
        self._digest = sha256(len(place).to_bytes(2, "big") + place + body).digest()
        self._actor = actor
        self._now = now

    def job(
        self, work: Callable[[Transaction], T], status: int, answer: Callable[[T], Any]
    ) -> Callable[[Transaction], T]:
        """The job that does the work once, and keeps what it is answered.

        Args:
            work: The work.
            status: The HTTP status of its answer.
            answer: The answer, from what the work returns.

        Raises:
            AnsweredBefore: When the job runs: it was done before.
            RetryRefused: When the job runs: the key came with another request.
        """
        key = self._key
        if key is None:
            return work

        def once(tx: Transaction) -> T:
            kept = self._kept(tx, key)
            if kept is not None:
                raise AnsweredBefore(kept)
            result = work(tx)
            systems.forget_answers(tx, self._now - KEPT_MS)
            body = msgspec.json.encode(answer(result))
            row = systems.KeptAnswer(self._digest, status, body, self._now)
            systems.keep_answer(tx, self._actor, key, row)
            return result

        return once

    def begin(self, tx: Transaction) -> systems.KeptAnswer | None:
        """Note the key; the answer that is kept, if the request was carried out before.

        Raises:
            RetryRefused: The key came with another request, or its request has no answer yet.
        """
        assert self._key is not None
        kept = self._kept(tx, self._key)
        if kept is None:
            systems.forget_answers(tx, self._now - KEPT_MS)
            row = systems.KeptAnswer(self._digest, _UNANSWERED, b"", self._now)
            systems.keep_answer(tx, self._actor, self._key, row)
        return kept

    def finish(self, tx: Transaction, status: int, answer: bytes) -> None:
        """Keep what the request is answered."""
        assert self._key is not None
        systems.set_answer(tx, self._actor, self._key, status, answer)

    def forget(self, tx: Transaction) -> None:
        """Forget the key: the request was refused, so it may come again."""
        assert self._key is not None
        systems.forget_answer(tx, self._actor, self._key)

    def _kept(self, tx: Transaction, key: str) -> systems.KeptAnswer | None:
        kept = systems.kept_answer(tx, self._actor, key)
        if kept is None or kept.at <= self._now - KEPT_MS:
            return None
        if kept.request != self._digest:
            raise RetryRefused(
                RetryRefusal.KEY_USED,
                "this idempotency key came with another request before; take a new one",
            )
        if kept.status == _UNANSWERED:
            raise RetryRefused(
                RetryRefusal.ANSWER_MISSING,
                "a request with this idempotency key has begun and has no answer yet",
            )
        return kept


def again(before: AnsweredBefore) -> Response[Any]:
    """The kept answer."""
    return repeated(before.kept)


def repeated(kept: systems.KeptAnswer) -> Response[Any]:
    """A kept answer, given once more."""
    return Response(
        kept.answer,
        status_code=kept.status,
        media_type="application/json",
        headers={"Idempotent-Replay": "true"},
    )
