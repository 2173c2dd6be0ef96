"""The tables of what processors sign, and of the office's reports."""

from __future__ import annotations

from typing import Final

# What the processors sign. It is not derived from the link's log, and stays when that is folded anew.
OUTPUTS: Final = """
CREATE TABLE outputs_waiting(
    topic TEXT NOT NULL,
    "partition" INTEGER NOT NULL,
    processor TEXT NOT NULL,
    key_id BLOB NOT NULL,               -- the summary key that is missing
    first_offset INTEGER NOT NULL,      -- from where the topic is read again when it comes
    PRIMARY KEY (topic, "partition", processor, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE processor_cases(
    link TEXT NOT NULL,
    case_id BLOB NOT NULL,
    processor TEXT NOT NULL,
    offset INTEGER NOT NULL,
    position INTEGER NOT NULL,
    record BLOB NOT NULL,               -- encoded CaseRecord
    value BLOB NOT NULL,                -- as signed
    PRIMARY KEY (link, case_id, processor)
) STRICT;

CREATE TABLE alerts(
    link TEXT NOT NULL,
    alert_id BLOB NOT NULL,
    processor TEXT NOT NULL,
    kid BLOB NOT NULL,
    counts INTEGER NOT NULL,            -- whether the certificate that signed counts now
    offset INTEGER NOT NULL,
    case_id BLOB,                       -- NULL: it is about the link
    clears BLOB,                        -- of a clearing record: the alert that it clears
    stands INTEGER NOT NULL DEFAULT 0,  -- it counts, and nothing that counts clears it
    alert BLOB NOT NULL,                -- encoded Alert
    value BLOB NOT NULL,                -- as signed
    PRIMARY KEY (link, alert_id, processor)
) STRICT;
CREATE INDEX alerts_case ON alerts(link, case_id);
CREATE INDEX alerts_standing ON alerts(link, offset) WHERE stands = 1;
CREATE INDEX alerts_clears ON alerts(link, clears) WHERE clears IS NOT NULL;

CREATE TABLE differences(
    link TEXT NOT NULL,
    case_id BLOB NOT NULL,
    processor TEXT NOT NULL,
    what TEXT NOT NULL,
    since INTEGER NOT NULL,             -- the office's clock when it was found
    words TEXT NOT NULL,
    PRIMARY KEY (link, case_id, processor, what)
) STRICT, WITHOUT ROWID;
"""

REPORTS: Final = """
CREATE TABLE reports(
    digest BLOB NOT NULL PRIMARY KEY,
    first TEXT NOT NULL,                -- YYYY-MM-DD, first business date
    last TEXT NOT NULL,
    computed_at INTEGER NOT NULL,
    draft BLOB NOT NULL,                -- encoded PeriodReport
    steps BLOB NOT NULL,                -- encoded steps
    signed BLOB                         -- encoded SignedReport; NULL until it is frozen
) STRICT;
CREATE UNIQUE INDEX reports_frozen ON reports(first, last) WHERE signed IS NOT NULL;
CREATE TRIGGER frozen_report_is_not_changed BEFORE UPDATE ON reports WHEN OLD.signed IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a frozen report is not changed'); END;
CREATE TRIGGER frozen_report_is_not_removed BEFORE DELETE ON reports WHEN OLD.signed IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a frozen report is not removed'); END;
"""
