"""``blo trust``: making, signing, showing, judging and publishing trust documents."""

from blo_cli.trust.command import trust

__all__ = ["trust"]
