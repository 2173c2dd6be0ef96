"""Has each link's own chain compared with the log before anything is sent, and after every doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from blo_agent.inbound.backoff import Backoff
from blo_agent.inbound.own_chain import OwnChainCheck, doubt_stranded, settle_own_chain
from blo_agent.office.batch import BatchResult
from blo_agent.office.halts import halt_over_own_events
from blo_agent.office.link_state import LinkState
from blo_agent.office.state import Office
from blo_agent.outbound.sender import Sender
from blo_agent.shredding.delete import show_again
from blo_agent.store.connection import Transaction
from blo_agent.store.errors import JobFailed
from blo_agent.store.facade import Store
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger
from blo_schemas.ids import LinkId


class OwnChains:
    """Knows up to where each link in doubt must be read before its own chain can be compared.

    Args:
        office: Whose chains.
        store: Where they are kept.
        clock: The office's clock.
        sender: Is told which links may be sent.
        on_batch: Called with what has changed, when it is on disk.
    """

    def __init__(
        self,
        office: Office,
        store: Store,
        clock: Clock,
        sender: Sender,
        on_batch: Callable[[BatchResult], None],
    ) -> None:
        self._office = office
        self._store = store
        self._clock = clock
        self._sender = sender
        self._on_batch = on_batch
        self._goals: dict[LinkId, int] = {}
        self._quiet: set[LinkId] = set()
        self._pace = Backoff(_loop_time)

    def begin(self) -> None:
        """Forget where logs ended, because they are read over a new connection."""
        self._goals = {}

    def forget_pace(self) -> None:
        """Try again at once what could not be settled, because documents or keys have changed."""
        self._pace.forget()

    def doubt(self, links: Iterable[LinkId]) -> None:
        """Have nothing sent on links in doubt; all that was sent on the quiet ones is in the log."""
        self._quiet = {link for link in self._doubtful(links) if self._sender.is_quiet(link)}

    def need_an_end(self, links: Iterable[LinkId]) -> bool:
        """Whether it is not known where the log of a link in doubt ends."""
        return bool(self._doubtful(links) - self._goals.keys())

    def note_end(self, link: LinkId, end: int) -> None:
        """Note where a link's log ends; asked for after ``doubt``."""
        if link in self._quiet:
            self._goals.setdefault(link, end)

    async def look_for_stranded(self) -> None:
        """Doubt links where the log has acknowledged an event and does not have it."""

        def job(tx: Transaction) -> BatchResult:
            return doubt_stranded(self._office, tx)

        result = await self._store.write(job)
        if result.alarms:
            self._on_batch(result)

    async def settle(self) -> None:
        """Compare the chains of the links that were read far enough."""
        for link, goal in list(self._goals.items()):
            state = self._office.links[link]
            if (
                state.size >= goal
                and state.revision is None
                and state.status.halted is None
                and self._pace.allows(link)
            ):
                try:
                    await self._settle_own_chain(state)
                except JobFailed as failed:
                    del self._goals[link]
                    await self._halt(state, failed)

    async def _settle_own_chain(self, state: LinkState) -> None:
        now = self._clock.now_ms()

        def job(tx: Transaction) -> OwnChainCheck:
            show_again(state, tx)
            return settle_own_chain(self._office, state, now, tx)

        settled = await self._store.write(job)
        link = state.link
        if settled.blocked is not None:
            get_logger().warning("own chain not settled", link=link, reason=settled.blocked)
        if settled.resealed:
            get_logger().warning("sealed anew", link=link, count=settled.resealed)
        if settled.resealed or settled.blocked is not None:
            self._pace.hold(link, state.fold.chain.next_place(self._office.id).oseq)
        if settled.blocked is None:
            del self._goals[link]
            self._sender.clear(link)

    async def _halt(self, state: LinkState, failed: JobFailed) -> None:
        """What waits to be sent on one link is more than this program can do."""
        now = self._clock.now_ms()

        def job(tx: Transaction) -> BatchResult:
            result = BatchResult()
            halt_over_own_events(state, failed.incident, now, tx, result)
            return result

        self._on_batch(await self._store.write(job))

    def _doubtful(self, links: Iterable[LinkId]) -> set[LinkId]:
        """Links whose own chain is to be checked before anything more is sent."""
        states = self._office.links
        doubtful = {link for link in links if not states[link].status.own_chain_checked}
        for link in doubtful:
            self._sender.doubt(link)
        return doubtful


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
