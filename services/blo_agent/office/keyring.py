"""The symmetric keys that an office holds, link by link; used in the store's thread.

A key belongs to the link on which it was made or granted, and opens nothing on another: whoever
writes a case's id, or grants a key, on another link must neither open nor lose anything here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import keys
from blo_schemas.grants import KeyPurpose
from blo_schemas.ids import CaseId, KeyId, LinkId
from blo_schemas.instants import local
from blo_sealing.keys import ContentKey, SummaryKey

_REMEMBERED: Final = 4096
"""So many content keys of a link are in memory at most."""


def month_of(at_ms: int) -> str:
    """The calendar month (UTC) whose summary key an event at this time uses: ``2025-03``."""
    at = local(at_ms)
    return f"{at.year:04}-{at.month:02}"


class LinkKeys:
    """One link's keys, a ``KeySource`` of its fold: content keys by case, summary keys by id.

    Summary keys are all in memory. Content keys are as many as cases: they are in the store, and
    lately used ones in memory.

    Args:
        link: The link.
    """

    def __init__(self, link: LinkId) -> None:
        self._link = link
        self._store: Snapshot | None = None
        self._content: dict[CaseId, ContentKey] = {}
        self._summary: dict[KeyId, SummaryKey] = {}
        self._own: dict[str, SummaryKey] = {}

    def load(self, store: Snapshot) -> None:
        """Hold the keys that the store has.

        Args:
            store: A lasting handle on the store, in which content keys are looked up.
        """
        self._store = store
        self._content, self._summary, self._own = {}, {}, {}

    def content_key(self, case: CaseId) -> ContentKey | None:
        """The case's content key, if the office holds it for this link."""
        key = self._content.get(case)
        if key is None and self._store is not None:
            key = _stored_content_key(self._store, self._link, case)
            if key is not None:
                self._remember(key)
        return key

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        """The summary key with this id, if the office holds it for this link."""
        return self._summary.get(key)

    def summary_key_ids(self) -> Collection[KeyId]:
        """The ids of all summary keys that the office holds for this link."""
        return self._summary.keys()

    def own_summary_key(self, month: str) -> SummaryKey | None:
        """The key under which the office itself seals its summaries of a month."""
        return self._own.get(month)

    def add_content(self, key: ContentKey) -> None:
        """Hold one more content key, which the store has."""
        self._remember(key)

    def drop_content(self, case: CaseId) -> None:
        """Hold a case's content key no longer; the store has it no more."""
        self._content.pop(case, None)

    def add_summary(self, key: SummaryKey) -> None:
        """Hold one more summary key."""
        self._summary[key.id] = key

    def use(self, month: str, key: SummaryKey) -> None:
        """Seal the office's own summaries of a month with this key, and hold it."""
        self._own[month] = key
        self._summary[key.id] = key

    def retire(self) -> None:
        """Seal no more summaries with the keys that were used so far."""
        self._own.clear()

    def _remember(self, key: ContentKey) -> None:
        if len(self._content) >= _REMEMBERED:
            for oldest in list(self._content)[: _REMEMBERED // 4]:
                del self._content[oldest]
        self._content[key.id] = key


class Keyring:
    """The keys of all links."""

    def __init__(self) -> None:
        self._links: dict[LinkId, LinkKeys] = {}
        self._store: Snapshot | None = None

    def load(self, snapshot: Snapshot) -> None:
        """Hold the keys that the store has, in the thread that will ask for them."""
        self._store = snapshot.lasting()
        for known_keys in self._links.values():
            known_keys.load(self._store)
        for stored in keys.summaries(snapshot):
            self.of(stored.link).add_summary(SummaryKey(stored.key))

    def of(self, link: LinkId) -> LinkKeys:
        """The keys of one link; always the same object."""
        known_keys = self._links.get(link)
        if known_keys is None:
            known_keys = self._links[link] = LinkKeys(link)
            if self._store is not None:
                known_keys.load(self._store)
        return known_keys


class ReaderKeys:
    """A link's keys in a reader's thread, a ``KeySource`` that looks each up in the store.

    Args:
        link: The link.

    Attributes:
        snapshot: What is read; to be replaced before each portion of work.
    """

    def __init__(self, link: LinkId) -> None:
        self._link = link
        self.snapshot: Snapshot

    def content_key(self, case: CaseId) -> ContentKey | None:
        """The case's content key, if the office holds it for this link."""
        return _stored_content_key(self.snapshot, self._link, case)

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        """The summary key with this id, if the office holds it for this link."""
        stored = keys.get(self.snapshot, self._link, key)
        if stored is None or stored.purpose is not KeyPurpose.SUMMARY:
            return None
        return SummaryKey(stored.key)

    def summary_key_ids(self) -> Collection[KeyId]:
        """The ids of all summary keys that the office holds for this link."""
        stored = keys.summaries(self.snapshot)
        return [key.key_id for key in stored if key.link == self._link]


def _stored_content_key(snapshot: Snapshot, link: LinkId, case: CaseId) -> ContentKey | None:
    stored = keys.get(snapshot, link, KeyId(case))
    if stored is None or stored.purpose is not KeyPurpose.CONTENT:
        return None
    return ContentKey(stored.key)
