"""Findings of audits: their codes, their meanings, and their collection."""
