"""The symmetric keys that an office holds, link by link, in the memory of the store's thread.

A key belongs to the link on which it was made or granted, and opens nothing on another: whoever
writes a case's id, or grants a key, on another link must neither open nor lose anything here.
"""

from __future__ import annotations

from collections.abc import Collection

from blo_schemas.ids import CaseId, KeyId, LinkId
from blo_schemas.instants import local
from blo_sealing.keys import ContentKey, SummaryKey


def month_of(at_ms: int) -> str:
    """The calendar month (UTC) whose summary key an event at this time uses: ``2025-03``."""
    at = local(at_ms)
    return f"{at.year:04}-{at.month:02}"


class LinkKeys:
    """One link's keys, a ``KeySource`` of its fold: content keys by case, summary keys by id."""

    def __init__(self) -> None:
        self._content: dict[CaseId, ContentKey] = {}
        self._summary: dict[KeyId, SummaryKey] = {}
        self._own: dict[str, SummaryKey] = {}

    def forget(self) -> None:
        """Hold no key any more."""
        # New ones, because a replay in another thread may look into them.
        self._content, self._summary, self._own = {}, {}, {}

    def content_key(self, case: CaseId) -> ContentKey | None:
        """The case's content key, if the office holds it for this link."""
        return self._content.get(case)

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
        """Hold one more content key."""
        self._content[key.id] = key

    def drop_content(self, case: CaseId) -> None:
        """Hold a case's content key no longer."""
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


class Keyring:
    """The keys of all links."""

    def __init__(self) -> None:
        self._links: dict[LinkId, LinkKeys] = {}

    def forget(self) -> None:
        """Hold no key any more."""
        for keys in self._links.values():
            keys.forget()

    def of(self, link: LinkId) -> LinkKeys:
        """The keys of one link; always the same object."""
        return self._links.setdefault(link, LinkKeys())
