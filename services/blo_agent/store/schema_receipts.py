"""The tables of receipts: which signed head was the first to cover a record (docs/inbox.md)."""

from __future__ import annotations

from typing import Final

RECEIPTS: Final = """
CREATE TABLE receipt_heads(
    id BLOB NOT NULL PRIMARY KEY,       -- SHA-256 of the head that was signed
    link TEXT NOT NULL,
    office TEXT NOT NULL,
    size INTEGER NOT NULL,
    at INTEGER NOT NULL,                -- when its office signed it
    head BLOB NOT NULL                  -- encoded SignedHead
) STRICT;
CREATE INDEX receipt_heads_link ON receipt_heads(link, office, size);
CREATE TABLE receipts(
    link TEXT NOT NULL,
    office TEXT NOT NULL,
    stage TEXT NOT NULL,                -- delivered, opened
    first INTEGER NOT NULL,             -- position of the first record
    upto INTEGER NOT NULL,              -- and the first behind the last one
    head_id BLOB NOT NULL,
    PRIMARY KEY (link, office, stage, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_head ON receipts(head_id);
CREATE TRIGGER receipt_head_is_gone AFTER DELETE ON receipt_heads
BEGIN DELETE FROM receipts WHERE head_id = OLD.id; END;
CREATE TRIGGER change_receipt AFTER INSERT ON receipt_heads
BEGIN INSERT INTO changes(what, link) VALUES ('receipt', NEW.link); END;
"""
