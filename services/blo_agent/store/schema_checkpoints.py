"""The tables of signed trees: the office's own, the witnesses', and refused ones."""

from __future__ import annotations

from typing import Final

CHECKPOINTS: Final = """
CREATE TABLE cosigned(
    link TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,              -- the largest tree that this office has cosigned
    root BLOB NOT NULL,
    note BLOB NOT NULL                  -- the checkpoint with this office's cosignature
) STRICT, WITHOUT ROWID;

CREATE TABLE witnessed(
    link TEXT NOT NULL,
    signer TEXT NOT NULL,
    size INTEGER NOT NULL,              -- the largest tree that this witness has signed
    root BLOB NOT NULL,
    note BLOB NOT NULL,
    PRIMARY KEY (link, signer)
) STRICT, WITHOUT ROWID;

CREATE TABLE refused_checkpoints(
    link TEXT NOT NULL,
    signer TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    at INTEGER NOT NULL,
    words TEXT NOT NULL,
    note BLOB NOT NULL,
    other BLOB NOT NULL,                -- the checkpoint that it contradicts, or nothing
    PRIMARY KEY (link, signer, size, root)
) STRICT, WITHOUT ROWID;
"""

QUORUMS: Final = """
CREATE TABLE quorums(
    link TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,              -- the largest tree that a witness and all parties signed
    note BLOB NOT NULL                  -- the checkpoint with all their signatures
) STRICT, WITHOUT ROWID;
"""
