"""``blo country``, ``blo office``, ``blo link``, ``blo config``: from nothing to a running pair of offices."""
