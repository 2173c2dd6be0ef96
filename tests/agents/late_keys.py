"""A broker that keeps grants back, and gives them later."""

from __future__ import annotations

from collections.abc import Sequence

from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord
from blo_log.topics import keys_topic
from blo_schemas.grants import CASE_GRANT, GRANT, KeyPurpose, is_case_grant_key
from blo_schemas.ids import OfficeId
from tests.agents.world import CORRIDOR, B


class Keeper(MemoryLog):
    """A log that keeps grants of some purpose back, as a broker could."""

    kept: list[ProducerRecord]
    keeps: KeyPurpose | None = None
    recipient: OfficeId = B

    async def appender(self) -> _KeepingAppender:
        return _KeepingAppender(self, await super().appender())


class _KeepingAppender:
    def __init__(self, keeper: Keeper, inner: object) -> None:
        self._keeper = keeper
        self._inner = inner

    async def append(self, messages: Sequence[ProducerRecord]) -> list[int]:
        passed = [one for one in messages if not self._is_kept(one)]
        self._keeper.kept.extend(one for one in messages if self._is_kept(one))
        offsets = iter(await self._inner.append(passed))  # type: ignore[attr-defined]
        return [0 if self._is_kept(one) else next(offsets) for one in messages]

    async def close(self) -> None:
        await self._inner.close()  # type: ignore[attr-defined]

    def _is_kept(self, message: ProducerRecord) -> bool:
        if message.topic != keys_topic(CORRIDOR) or message.value is None:
            return False
        keeper = self._keeper
        if is_case_grant_key(message.key or b""):
            granted = CASE_GRANT.decode(message.value)
            is_meant = granted.grant_to(keeper.recipient) is not None
            return keeper.keeps is KeyPurpose.CONTENT and is_meant
        grant = GRANT.decode(message.value)
        return grant.purpose is keeper.keeps and grant.recipient == keeper.recipient


def make_keeper(cluster: MemoryCluster, purpose: KeyPurpose, recipient: OfficeId = B) -> Keeper:
    keeper = Keeper(cluster)
    keeper.kept = []
    keeper.keeps = purpose
    keeper.recipient = recipient
    return keeper


async def let_go(cluster: MemoryCluster, keeper: Keeper) -> None:
    appender = await MemoryLog(cluster).appender()
    await appender.append(keeper.kept)
    await appender.close()
