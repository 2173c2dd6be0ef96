"""Drafts on their way to the log: written, submitted, approved or returned, sent (docs/people.md)."""
