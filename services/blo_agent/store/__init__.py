"""The office's encrypted store: SQLite with one writer thread, group commit, and readers."""
