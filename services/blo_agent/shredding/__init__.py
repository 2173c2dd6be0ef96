"""Deleting the contents that the offices of a link have agreed to delete."""
