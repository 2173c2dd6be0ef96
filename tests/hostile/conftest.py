"""The prelude, made once for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.hostile.arena import Arena


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Arena:
    """Copies of one honest past to be hostile in."""
    return Arena(tmp_path_factory.mktemp("prelude"))
