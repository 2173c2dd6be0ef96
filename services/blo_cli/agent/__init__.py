"""``blo agent``."""

from blo_cli.agent.command import agent

__all__ = ["agent"]
