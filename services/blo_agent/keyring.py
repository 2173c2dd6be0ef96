"""The symmetric keys that an office holds, in the memory of the store's thread."""

from __future__ import annotations

from datetime import UTC, datetime

from blo_schemas.ids import CaseId, KeyId, LinkId
from blo_sealing.keys import ContentKey, SummaryKey


def month_of(at_ms: int) -> str:
    """The calendar month (UTC) whose summary key an event at this time uses: ``2025-03``."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at.year:04}-{at.month:02}"


class Keyring:
    """Content keys by case, summary keys by id, and the office's own current summary keys."""

    def __init__(self) -> None:
        self._content: dict[CaseId, ContentKey] = {}
        self._summary: dict[KeyId, SummaryKey] = {}
        self._own: dict[tuple[LinkId, str], SummaryKey] = {}

    def content_key(self, case: CaseId) -> ContentKey | None:
        """The case's content key, if the office holds it."""
        return self._content.get(case)

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        """The summary key with this id, if the office holds it."""
        return self._summary.get(key)

    def own_summary_key(self, link: LinkId, month: str) -> SummaryKey | None:
        """The key under which the office itself seals its summaries of a month."""
        return self._own.get((link, month))

    def add_content(self, key: ContentKey) -> None:
        """Hold one more content key."""
        self._content[key.id] = key

    def drop_content(self, case: CaseId) -> None:
        """Hold a case's content key no longer."""
        self._content.pop(case, None)

    def add_summary(self, key: SummaryKey) -> None:
        """Hold one more summary key."""
        self._summary[key.id] = key

    def use(self, link: LinkId, month: str, key: SummaryKey) -> None:
        """Seal the office's own summaries of a month with this key, and hold it."""
        self._own[(link, month)] = key
        self._summary[key.id] = key

    def retire(self, link: LinkId) -> None:
        """Seal no more summaries of a link with the keys that were used so far."""
        self._own = {place: key for place, key in self._own.items() if place[0] != link}


__all__ = ["Keyring", "month_of"]
