"""All ways to spoil an exhibit that the tests know, in the order of the table."""

from __future__ import annotations

from tests.audit import mutations_of_logs, mutations_of_shreddings, mutations_of_statements
from tests.audit.spoiling import ALL, Found, Mutation

# Reading them adds them to the list.
PARTS = (mutations_of_logs, mutations_of_statements, mutations_of_shreddings)

__all__ = ["ALL", "PARTS", "Found", "Mutation"]
