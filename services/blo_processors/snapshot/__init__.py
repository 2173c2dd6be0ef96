"""The stored state of a link: a start goes on from it instead of from the first record (ADR 15)."""
