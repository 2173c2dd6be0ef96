"""The tables of the inbox and of the lists of cases (docs/inbox.md)."""

from __future__ import annotations

from typing import Final

INBOX: Final = """
CREATE TABLE open_cases(                -- derived from the link's log and its agreement
    link TEXT NOT NULL,
    case_id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    urgency INTEGER NOT NULL,
    turn INTEGER NOT NULL,              -- 0 another office's, 1 this office's, 2 nobody's: paused
    clock TEXT,                         -- NULL: no clock runs
    owed_by BLOB NOT NULL,              -- encoded offices
    warned_at INTEGER,
    due INTEGER,                        -- NULL: without a deadline, or it stands still
    place INTEGER NOT NULL,             -- by which the inbox is sorted
    paused_for INTEGER,
    since INTEGER NOT NULL,             -- log time of the last step
    own_position INTEGER NOT NULL,      -- of this office's last event; -1: it has none
    own_time INTEGER NOT NULL,          -- its log time
    PRIMARY KEY (link, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX open_cases_place ON open_cases(place, link, case_id);
-- With all that tells the kind of an entry, so that no row is read to tell it.
CREATE INDEX open_cases_turn ON open_cases(turn, place, link, case_id, warned_at, due, clock, kind);
CREATE INDEX open_cases_own ON open_cases(link, own_position);
CREATE TRIGGER case_is_gone AFTER DELETE ON cases
BEGIN DELETE FROM open_cases WHERE link = OLD.link AND case_id = OLD.case_id; END;
"""

CASE_LISTS: Final = """
ALTER TABLE cases ADD COLUMN moved_at INTEGER NOT NULL DEFAULT 0;   -- log time of the last step
CREATE INDEX cases_moved ON cases(moved_at DESC, link, case_id);
"""
