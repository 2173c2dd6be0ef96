"""``blo processors``."""

from blo_cli.processors.command import processors

__all__ = ["processors"]
