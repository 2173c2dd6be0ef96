"""Floor 6: the ``blo`` command, one module a subcommand."""
