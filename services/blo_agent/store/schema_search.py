"""The tables of the search index, and the triggers that keep it true to what can be read.

Whatever adds, changes or removes the content of an event, or a note, does so in the index too,
in the same transaction: the triggers note what is to be indexed (``search_due``) and take out of
the answers what is gone (``search_gone``). The words of what is gone leave the index soon after; those
of a shredded case leave it at once (``search_index.forget``).
"""

from __future__ import annotations

from typing import Final

WORDS: Final = """
CREATE VIRTUAL TABLE search_words USING fts5(
    place, folded, exact, compound, tokenize = ascii, columnsize = 0
);
INSERT INTO search_words(search_words, rank) VALUES ('secure-delete', 1);
INSERT INTO search_words(search_words, rank) VALUES ('automerge', 2);
"""
"""The words themselves; a deletion takes them out of the file, and leaves no mark of a deletion."""

_ITEMS: Final = """
CREATE TABLE search_places(             -- what the index holds, by its row in search_words
    id INTEGER PRIMARY KEY,             -- grows with the time of what is indexed
    link TEXT NOT NULL,
    item INTEGER NOT NULL,              -- an event's position, or a note's number below zero
    case_id BLOB NOT NULL,
    UNIQUE (link, item)
) STRICT;
CREATE TABLE search_due(                -- what is not indexed yet
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    link TEXT NOT NULL,
    item INTEGER NOT NULL,
    UNIQUE (link, item)
) STRICT;
CREATE TABLE search_gone(               -- rows of search_words that nothing answers with any more
    id INTEGER PRIMARY KEY,
    link TEXT NOT NULL,
    case_id BLOB NOT NULL
) STRICT;
CREATE INDEX search_gone_case ON search_gone(link, case_id);
"""


_GONE: Final = """INSERT INTO search_gone(id, link, case_id)
        SELECT id, link, case_id FROM search_places WHERE link = OLD.link AND item = $item;
    DELETE FROM search_places WHERE link = OLD.link AND item = $item;
    DELETE FROM search_due WHERE link = OLD.link AND item = $item;"""
"""What was indexed of an item is gone, and the item is not due any more."""

_EVENT_GONE: Final = _GONE.replace("$item", "OLD.position")
_NOTE_GONE: Final = _GONE.replace("$item", "-OLD.seq")

_TRIGGERS: Final = f"""
CREATE TRIGGER search_sees_event AFTER INSERT ON events WHEN NEW.content IS NOT NULL BEGIN
    INSERT OR IGNORE INTO search_due(link, item) VALUES (NEW.link, NEW.position);
END;
CREATE TRIGGER search_sees_content AFTER UPDATE OF content ON events BEGIN
    {_EVENT_GONE}
    INSERT INTO search_due(link, item) SELECT NEW.link, NEW.position WHERE NEW.content IS NOT NULL;
END;
CREATE TRIGGER search_forgets_event AFTER DELETE ON events BEGIN
    {_EVENT_GONE}
END;
CREATE TRIGGER search_sees_note AFTER INSERT ON notes BEGIN
    INSERT OR IGNORE INTO search_due(link, item) VALUES (NEW.link, -NEW.seq);
END;
CREATE TRIGGER search_forgets_note AFTER DELETE ON notes BEGIN
    {_NOTE_GONE}
END;
"""  # noqa: S608 - fixed texts

SEARCH: Final = WORDS + _ITEMS + _TRIGGERS
