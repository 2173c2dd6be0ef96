"""``blo doctor``: what keeps a program from working, each with the command that comes next."""

from blo_cli.doctor.command import doctor

__all__ = ["doctor"]
