"""Papers for people: one source, set as text and as PDF."""
