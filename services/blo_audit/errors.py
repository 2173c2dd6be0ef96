"""What can go wrong with an audit itself; what it finds in a log is a finding, not an error.

.. code-block:: text

    AuditError
    ├── NothingToAudit     no link fits what was asked for
    └── NoTrust            no pinned root is proved, so nothing can be
"""

from __future__ import annotations


class AuditError(Exception):
    """Anything that this floor raises."""


class NothingToAudit(AuditError):
    """No link fits what was asked for."""


class NoTrust(AuditError):
    """No pinned country root is among the trust documents."""


__all__ = ["AuditError", "NoTrust", "NothingToAudit"]
