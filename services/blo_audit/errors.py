"""What can go wrong with an audit itself; what it finds in a log is a finding, not an error.

.. code-block:: text

    AuditError
"""

from __future__ import annotations


class AuditError(Exception):
    """Anything that this floor raises."""


__all__ = ["AuditError"]
