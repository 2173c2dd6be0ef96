"""How long a test waits before it calls something a hang. It measures nothing."""

from __future__ import annotations

from typing import Final

PATIENCE_S: Final = 240.0
"""Far more than anything takes on a slow machine that others use too."""

__all__ = ["PATIENCE_S"]
