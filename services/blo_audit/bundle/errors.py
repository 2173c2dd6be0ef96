"""Errors of bundles as files.

.. code-block:: text

    AuditError
    └── BundleError
        ├── NotABundle          the file is no bundle, or of a version that is not known
        ├── BundleTruncated     the file ends too early
        ├── BundleTooLarge      more of something than a bundle may have
        ├── BundleMalformed     a part is not what should stand there
        ├── BundleAltered       the file is not the one that was written
        ├── BundleUnreadable    the file can't be read
        └── NothingToBundle     what was asked for is not there, or can't be put into a bundle
"""

from __future__ import annotations

from blo_audit.errors import AuditError


class BundleError(AuditError):
    """A bundle can't be read or made as a file; nothing in it was judged."""


class NotABundle(BundleError):
    """The file does not begin as a bundle does, or is of another version."""


class BundleTruncated(BundleError):
    """The file ends inside a part."""


class BundleTooLarge(BundleError):
    """A part exceeds a limit of ``limits``."""


class BundleMalformed(BundleError):
    """A part does not decode, stands where it must not, or occurs twice."""


class BundleAltered(BundleError):
    """The digest at the end is not that of the file: it was damaged on the way."""


class BundleUnreadable(BundleError):
    """The operating system does not let the file be read."""


class NothingToBundle(BundleError):
    """The requested records are not in the log, or do not fit into a bundle."""
