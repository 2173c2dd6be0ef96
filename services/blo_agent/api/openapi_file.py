"""Writes ``schemas/openapi.json``: ``python -m blo_agent.api.openapi_file FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

from blo_agent.api.app import openapi_text

if __name__ == "__main__":
    (_file,) = sys.argv[1:]
    Path(_file).write_bytes(openapi_text())
