"""Backups, keys, certificates and lost nodes."""
