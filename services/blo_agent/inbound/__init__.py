"""From the log to the store: records, trust documents, grants, heads and checkpoints."""
