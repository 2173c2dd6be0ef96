"""The store's tables of files: they lie in the store in pieces, encrypted like all else in it."""

from __future__ import annotations

from typing import Final

FILES: Final = """
CREATE TABLE files(
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,            -- the node's name of it; of an upload also that of the wire
    file_id BLOB NOT NULL,              -- as events name it
    link TEXT NOT NULL,
    case_id BLOB,                       -- NULL while it waits for the step that opens a case
    office TEXT NOT NULL,               -- who sends it
    state TEXT NOT NULL,                -- of a closed list
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB,                        -- NULL while it is being uploaded and nobody has said it
    done INTEGER NOT NULL,              -- bytes that came, or chunks that were sent or fetched
    actor TEXT NOT NULL,                -- who has uploaded it, or wanted it
    at INTEGER NOT NULL,                -- when the state was entered
    position INTEGER,                   -- of the event that named it first
    log_time INTEGER,                   -- of that event
    finding TEXT,                       -- what is wrong with it, of a closed list
    read_to INTEGER                     -- from where in the log of files its chunks are looked for
) STRICT;
CREATE UNIQUE INDEX files_place ON files(link, case_id, file_id) WHERE case_id IS NOT NULL;
CREATE INDEX files_state ON files(state, seq);

CREATE TABLE file_pieces(
    seq INTEGER NOT NULL,               -- of the file
    number INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (seq, number)
) STRICT;

CREATE TABLE file_withdrawals(          -- own chunks of shredded cases, to be deleted at the broker
    link TEXT NOT NULL,
    case_id BLOB NOT NULL,
    file_id BLOB NOT NULL,
    chunks INTEGER NOT NULL,
    PRIMARY KEY (link, case_id, file_id)
) STRICT, WITHOUT ROWID;
"""
