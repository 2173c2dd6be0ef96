"""Floor 7: the ``blo`` command, one module a subcommand."""
