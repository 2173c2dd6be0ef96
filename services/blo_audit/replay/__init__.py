"""Replaying a log against everything that was signed about it."""
