"""Frozen reports: their verification, their readable forms, and response times."""
