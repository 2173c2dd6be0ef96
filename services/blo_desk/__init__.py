"""The desk: pages for the people of an office, served by its node (docs/desk.md)."""
