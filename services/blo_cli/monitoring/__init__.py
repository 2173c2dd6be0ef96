"""``blo monitoring``: alerts with their runbook, and dashboards."""

from blo_cli.monitoring.command import monitoring

__all__ = ["monitoring"]
