"""Queries on past states: a link as of an instant, and the effects of another policy."""
