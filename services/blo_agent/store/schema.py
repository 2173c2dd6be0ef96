"""The store's tables, and how an older file is brought up to date.

``PRAGMA user_version`` counts the migrations a file has had. A migration is never changed once it
has been released: what comes next is appended. All ids are BLOBs except those that are text on
the wire (links, offices); times are Unix milliseconds; link-derived tables begin their key with
the link, because a case id is public and a dishonest office may use it on another link too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

from blo_agent.store.errors import NewerStore
from blo_agent.store.schema_changes import CHANGES, WEBHOOKS
from blo_agent.store.schema_checkpoints import CHECKPOINTS, QUORUMS
from blo_agent.store.schema_files import FILES
from blo_agent.store.schema_inbox import CASE_LISTS, INBOX
from blo_agent.store.schema_outputs import OUTPUTS, REPORTS
from blo_agent.store.schema_people import PEOPLE
from blo_agent.store.schema_receipts import RECEIPTS
from blo_agent.store.schema_search import SEARCH

_OWN: Final = """
CREATE TABLE meta(
    key TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identities(
    public BLOB NOT NULL PRIMARY KEY,   -- Ed25519 public key, as certificates name it
    keys BLOB NOT NULL,                 -- both private keys, as blo_sealing writes them
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journal(
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    link TEXT,
    case_id BLOB,
    detail BLOB NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE outbox(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice
    topic TEXT NOT NULL,
    "partition" INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB,                             -- final bytes; NULL: tombstone
    link TEXT NOT NULL,
    event_id BLOB,                          -- NULL: a grant or another record without an id
    oseq INTEGER,
    case_id BLOB,
    accepted_at INTEGER NOT NULL,
    state INTEGER NOT NULL,                 -- 0 pending, 1 appended
    log_offset INTEGER
) STRICT;
CREATE INDEX outbox_pending ON outbox(seq) WHERE state = 0;
CREATE INDEX outbox_event ON outbox(event_id) WHERE event_id IS NOT NULL;
CREATE INDEX outbox_case ON outbox(case_id, seq) WHERE case_id IS NOT NULL;

CREATE TABLE keys(
    link TEXT NOT NULL,
    key_id BLOB NOT NULL,
    purpose INTEGER NOT NULL,
    key BLOB NOT NULL,
    office TEXT NOT NULL,               -- who made it
    month TEXT,                         -- YYYY-MM of a summary key
    case_id BLOB,                       -- the case of a content key
    PRIMARY KEY (link, key_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_month ON keys(link, office, month) WHERE month IS NOT NULL;

CREATE TABLE heads(
    link TEXT NOT NULL,
    office TEXT NOT NULL,
    size INTEGER NOT NULL,
    head BLOB NOT NULL,                 -- encoded SignedHead
    PRIMARY KEY (link, office)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents(
    seq INTEGER PRIMARY KEY,            -- in the order of their arrival
    id BLOB NOT NULL UNIQUE,
    document BLOB NOT NULL,             -- encoded SignedDocument
    admitted INTEGER NOT NULL
) STRICT;
"""

_DERIVED: Final = """
CREATE TABLE links(
    link TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,              -- records read
    snapshot BLOB NOT NULL,
    trust_digest BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE records(
    link TEXT NOT NULL,
    position INTEGER NOT NULL,
    log_time INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    log_hash BLOB NOT NULL,
    event_id BLOB,                      -- from here on NULL if the bytes could not be read
    office TEXT,
    oseq INTEGER,
    case_id BLOB,
    outcome TEXT,                       -- NULL: parked, no verdict yet
    reason TEXT,
    crossed INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    chained INTEGER NOT NULL,           -- whether it is part of its writer's own chain
    summary BLOB,                       -- of a rejected event that could be opened
    PRIMARY KEY (link, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX records_event ON records(event_id) WHERE event_id IS NOT NULL;
CREATE INDEX records_case ON records(link, case_id, position) WHERE case_id IS NOT NULL;
CREATE INDEX records_unopened ON records(link, position) WHERE opened = 0;

CREATE TABLE parked(
    link TEXT NOT NULL,
    position INTEGER NOT NULL,
    case_id BLOB NOT NULL,
    needs_key BLOB NOT NULL,
    value BLOB NOT NULL,
    log_time INTEGER NOT NULL,
    PRIMARY KEY (link, position)
) STRICT;
CREATE INDEX parked_key ON parked(link, needs_key, position);
CREATE INDEX parked_case ON parked(link, case_id, position);

CREATE TABLE cases(
    link TEXT NOT NULL,
    case_id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    state TEXT NOT NULL,
    position INTEGER NOT NULL,          -- of the last accepted step
    view BLOB NOT NULL,                 -- encoded CaseView
    PRIMARY KEY (link, case_id)
) STRICT;

CREATE TABLE events(
    event_id BLOB NOT NULL PRIMARY KEY,
    link TEXT NOT NULL,
    position INTEGER NOT NULL,
    case_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    office TEXT NOT NULL,
    kind INTEGER NOT NULL,
    step INTEGER NOT NULL,
    on_date TEXT,                       -- YYYY-MM-DD; NULL while the content is closed
    at INTEGER NOT NULL,
    log_time INTEGER NOT NULL,
    summary BLOB NOT NULL,
    content BLOB                        -- NULL while its key is missing, or shredded
) STRICT;
CREATE UNIQUE INDEX events_position ON events(link, position);
CREATE INDEX events_case ON events(link, case_id, version);
CREATE INDEX events_date ON events(link, on_date) WHERE on_date IS NOT NULL;
"""

_SHREDDED: Final = """
CREATE TABLE shredded(                  -- own: what is gone does not come back with a rebuild
    link TEXT NOT NULL,
    case_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    scrubbed INTEGER NOT NULL,          -- whether the write-ahead log was emptied since
    PRIMARY KEY (link, case_id)
) STRICT, WITHOUT ROWID;
"""

_HALTS: Final = """
CREATE TABLE halts(                     -- own: evidence is kept for ever
    seq INTEGER PRIMARY KEY,
    link TEXT NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,               -- of a closed list
    words TEXT NOT NULL,
    evidence BLOB NOT NULL,             -- signed bytes where there are any
    evidence_id BLOB NOT NULL,          -- SHA-256 of the evidence
    resumed_at INTEGER,                 -- NULL while the halt stands
    resumed_by TEXT,
    resumed_for TEXT                    -- why
) STRICT;
CREATE INDEX halts_link ON halts(link, reason, evidence_id);
CREATE INDEX halts_standing ON halts(link) WHERE resumed_at IS NULL;
CREATE TRIGGER halt_is_not_changed BEFORE UPDATE ON halts WHEN OLD.resumed_at IS NOT NULL
    OR NEW.link != OLD.link OR NEW.reason != OLD.reason OR NEW.evidence != OLD.evidence
BEGIN SELECT RAISE(ABORT, 'a halt is lifted once and not changed'); END;
CREATE TRIGGER halt_is_not_removed BEFORE DELETE ON halts
BEGIN SELECT RAISE(ABORT, 'a halt is not removed'); END;

CREATE TABLE heads_ahead(               -- heads over more than was read here when they came
    link TEXT NOT NULL,
    office TEXT NOT NULL,
    size INTEGER NOT NULL,
    log_hash BLOB NOT NULL,
    head BLOB NOT NULL,                 -- encoded SignedHead
    PRIMARY KEY (link, office, size, log_hash)
) STRICT, WITHOUT ROWID;
"""

_BATCHES: Final = """
CREATE TABLE batches(                   -- counted in ``meta`` too: the two lie on different pages
    link TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

# What is derived from the logs has another form from here on, so the logs are read again.
_OPEN_IN_MEMORY: Final = """
CREATE TABLE view_groups(               -- in which a link's views are hashed
    link TEXT NOT NULL,
    number INTEGER NOT NULL,
    digest BLOB,                        -- NULL: a view of the group has changed since
    PRIMARY KEY (link, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE comparisons_due(           -- when a case is to be compared because of time alone
    link TEXT NOT NULL,
    case_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (link, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX comparisons_due_at ON comparisons_due(link, at);
CREATE INDEX processor_cases_offset ON processor_cases(link, offset);
CREATE INDEX alerts_offset ON alerts(link, offset);
CREATE TABLE office_chains(
    link TEXT NOT NULL,
    office TEXT NOT NULL,
    events INTEGER NOT NULL,            -- how many the office's own chain has
    last BLOB NOT NULL,                 -- the id of the last of them
    PRIMARY KEY (link, office)
) STRICT, WITHOUT ROWID;
DROP TABLE events;
CREATE TABLE events(                    -- besides what the record says already
    link TEXT NOT NULL,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    step INTEGER NOT NULL,
    on_date TEXT,                       -- YYYY-MM-DD; NULL while the content is closed
    at INTEGER NOT NULL,
    summary BLOB NOT NULL,
    content BLOB,                       -- NULL while its key is missing, or shredded
    PRIMARY KEY (link, position)
) STRICT;
CREATE INDEX events_date ON events(link, on_date) WHERE on_date IS NOT NULL;
CREATE INDEX cases_shredding ON cases(link) WHERE state = 'shredding';
CREATE INDEX keys_summary ON keys(link) WHERE purpose = 2;
DELETE FROM links;
DELETE FROM records;
DELETE FROM parked;
DELETE FROM cases;
DELETE FROM meta WHERE key LIKE 'tally/%';
"""

_REVISED: Final = """
CREATE TABLE revised(                   -- what newer trust documents change, until all is known
    link TEXT NOT NULL,
    position INTEGER NOT NULL,
    case_id BLOB,                       -- NULL if the bytes could not be read
    record BLOB NOT NULL,               -- encoded RevisedRecord
    PRIMARY KEY (link, position)
) STRICT;
CREATE INDEX revised_case ON revised(link, case_id, position) WHERE case_id IS NOT NULL;
"""

_JOURNAL_BY_CASE: Final = """
CREATE INDEX journal_case ON journal(link, case_id, seq) WHERE case_id IS NOT NULL;
"""

MIGRATIONS: Final[tuple[str, ...]] = (
    _OWN + _DERIVED,
    CHECKPOINTS,
    _SHREDDED,
    OUTPUTS,
    REPORTS,
    _HALTS,
    _BATCHES,
    PEOPLE,
    _OPEN_IN_MEMORY,
    _REVISED,
    INBOX,
    SEARCH,
    QUORUMS,
    CHANGES,
    FILES,
    RECEIPTS,
    CASE_LISTS,
    _JOURNAL_BY_CASE,
    WEBHOOKS,
)
SCHEMA_VERSION: Final = len(MIGRATIONS)


def migrate(
    connection: apsw.Connection, path: Path, migrations: tuple[str, ...] = MIGRATIONS
) -> int:
    """Brings the file to the newest version in one transaction.

    Args:
        connection: A connection that may write.
        path: The file, for messages.
        migrations: All migrations, in order.

    Returns:
        The version the file had before.

    Raises:
        NewerStore: The file was written by a newer program; it is left as it is.
    """
    connection.execute("BEGIN IMMEDIATE")
    with_version: int = connection.pragma("user_version")
    try:
        if with_version > len(migrations):
            raise NewerStore(path, with_version, len(migrations))
        for script in migrations[with_version:]:
            connection.execute(script)
        if with_version < len(migrations):
            connection.pragma("user_version", len(migrations))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return with_version
