"""Floor 6: the ``blo`` command, one module a subcommand, with the lab and the demo."""
