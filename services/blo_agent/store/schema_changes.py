"""What has changed, in one row of numbers; written by triggers, so that nothing changes without it."""

from __future__ import annotations

from typing import Final

CHANGES: Final = """
CREATE TABLE changes(
    number INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice
    what TEXT NOT NULL,                         -- case, event, draft, alert, link, restored
    link TEXT,
    case_id BLOB,
    id BLOB                                     -- of the event, draft or alert
) STRICT;

CREATE TRIGGER change_new_case AFTER INSERT ON cases
BEGIN INSERT INTO changes(what, link, case_id) VALUES ('case', NEW.link, NEW.case_id); END;
CREATE TRIGGER change_case AFTER UPDATE ON cases WHEN NEW.view != OLD.view
BEGIN INSERT INTO changes(what, link, case_id) VALUES ('case', NEW.link, NEW.case_id); END;
CREATE TRIGGER change_gone_case AFTER DELETE ON cases
BEGIN INSERT INTO changes(what, link, case_id) VALUES ('case', OLD.link, OLD.case_id); END;
CREATE TRIGGER change_owner AFTER INSERT ON case_agencies
BEGIN INSERT INTO changes(what, link, case_id) VALUES ('case', NEW.link, NEW.case_id); END;

CREATE TRIGGER change_waiting_event AFTER INSERT ON outbox WHEN NEW.event_id IS NOT NULL
BEGIN
    INSERT INTO changes(what, link, case_id, id)
    VALUES ('event', NEW.link, NEW.case_id, NEW.event_id);
END;
CREATE TRIGGER change_sealed_anew AFTER UPDATE OF event_id ON outbox
WHEN NEW.event_id != OLD.event_id
BEGIN
    INSERT INTO changes(what, link, case_id, id)
    VALUES ('event', NEW.link, NEW.case_id, NEW.event_id);
END;
CREATE TRIGGER change_new_event AFTER INSERT ON events
BEGIN
    INSERT INTO changes(what, link, case_id, id)
    SELECT 'event', link, case_id, event_id FROM records
    WHERE link = NEW.link AND position = NEW.position;
END;
CREATE TRIGGER change_opened_event AFTER UPDATE OF content ON events
WHEN OLD.content IS NULL AND NEW.content IS NOT NULL
BEGIN
    INSERT INTO changes(what, link, case_id, id)
    SELECT 'event', link, case_id, event_id FROM records
    WHERE link = NEW.link AND position = NEW.position;
END;
CREATE TRIGGER change_rejected_record AFTER INSERT ON records
WHEN NEW.outcome = 'rejected' AND NEW.case_id IS NOT NULL
BEGIN
    INSERT INTO changes(what, link, case_id, id)
    VALUES ('event', NEW.link, NEW.case_id, NEW.event_id);
END;
CREATE TRIGGER change_settled_record AFTER UPDATE OF outcome ON records
WHEN NEW.outcome = 'rejected' AND NEW.case_id IS NOT NULL
BEGIN
    INSERT INTO changes(what, link, case_id, id)
    VALUES ('event', NEW.link, NEW.case_id, NEW.event_id);
END;

CREATE TRIGGER change_draft AFTER INSERT ON drafts
BEGIN
    INSERT INTO changes(what, link, case_id, id) VALUES ('draft', NEW.link, NEW.case_id, NEW.id);
END;
CREATE TRIGGER change_draft_again AFTER UPDATE ON drafts
BEGIN
    INSERT INTO changes(what, link, case_id, id) VALUES ('draft', NEW.link, NEW.case_id, NEW.id);
END;

CREATE TRIGGER change_alert AFTER UPDATE OF stands ON alerts WHEN NEW.stands != OLD.stands
BEGIN
    INSERT INTO changes(what, link, case_id, id)
    VALUES ('alert', NEW.link, NEW.case_id, NEW.alert_id);
END;

CREATE TRIGGER change_halt AFTER INSERT ON halts
BEGIN INSERT INTO changes(what, link) VALUES ('link', NEW.link); END;
CREATE TRIGGER change_resumed AFTER UPDATE ON halts
BEGIN INSERT INTO changes(what, link) VALUES ('link', NEW.link); END;
"""

WEBHOOKS: Final = """
CREATE TABLE webhooks(
    system TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    key BLOB NOT NULL,                  -- seed of the Ed25519 key that signs
    confirmed INTEGER NOT NULL,
    after INTEGER NOT NULL,             -- number up to which changes were delivered
    failing_since INTEGER,
    failures INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    paused_at INTEGER,
    trouble TEXT NOT NULL,
    delivered_at INTEGER
) STRICT, WITHOUT ROWID;
"""
