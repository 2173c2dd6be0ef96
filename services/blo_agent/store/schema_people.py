"""The tables of the office's people: accounts, credentials, sessions."""

from __future__ import annotations

from typing import Final

PEOPLE: Final = """
CREATE TABLE people(
    id TEXT NOT NULL PRIMARY KEY,
    record BLOB NOT NULL,               -- encoded StaffMember
    password TEXT,                      -- argon2id; NULL until the person has chosen one
    totp BLOB,
    totp_step INTEGER NOT NULL,         -- of the last code that was accepted
    confirmed INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys(
    credential BLOB NOT NULL PRIMARY KEY,
    person TEXT NOT NULL,
    public_key BLOB NOT NULL,           -- a COSE key
    sign_count INTEGER NOT NULL,
    name TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_person ON passkeys(person);

CREATE TABLE invitations(               -- one-time links
    token_hash BLOB NOT NULL PRIMARY KEY,
    person TEXT NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE delegations(
    seq INTEGER PRIMARY KEY,
    chief TEXT NOT NULL,
    deputy TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions(
    token_hash BLOB NOT NULL PRIMARY KEY,
    person TEXT NOT NULL,
    csrf BLOB NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    factor TEXT NOT NULL,
    client TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_person ON sessions(person, started_at);

CREATE TABLE drafts(
    id BLOB NOT NULL PRIMARY KEY,       -- 16 random bytes
    link TEXT NOT NULL,
    case_id BLOB,                       -- NULL: opens a case
    state TEXT NOT NULL,
    revision INTEGER NOT NULL,
    request BLOB NOT NULL,              -- JSON, as far as it is filled in
    drafted BLOB,                       -- encoded DraftedStep, since it was submitted
    authors BLOB NOT NULL,              -- everybody who has written in it
    edited_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    reason TEXT,                        -- why it was returned
    approval BLOB,                      -- encoded Approval
    event_id BLOB                       -- what it became
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_open ON drafts(state, changed_at);
CREATE INDEX drafts_case ON drafts(link, case_id) WHERE case_id IS NOT NULL;

CREATE TABLE notes(                     -- internal: they never leave the office
    seq INTEGER PRIMARY KEY,
    link TEXT NOT NULL,
    case_id BLOB NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL,
    words TEXT NOT NULL
) STRICT;
CREATE INDEX notes_case ON notes(link, case_id, seq);

CREATE TABLE case_agencies(             -- to whose agency's members a case belongs
    link TEXT NOT NULL,
    case_id BLOB NOT NULL,
    agency TEXT NOT NULL,
    PRIMARY KEY (link, case_id, agency)
) STRICT, WITHOUT ROWID;

CREATE TABLE systems(                   -- other programs of the office
    id TEXT NOT NULL PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    scope BLOB NOT NULL,                -- encoded SystemScope
    created_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    used_at INTEGER,
    revoked_at INTEGER
) STRICT;

CREATE TABLE answers(                   -- to commands with an Idempotency-Key
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    request BLOB NOT NULL,              -- SHA-256 of method, path and body
    status INTEGER NOT NULL,
    answer BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_age ON answers(at);
"""
