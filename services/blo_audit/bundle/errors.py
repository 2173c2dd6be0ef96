"""What can be wrong with a file that should be a bundle.

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
    """Something is wrong with a bundle as a file; nothing in it was judged."""


class NotABundle(BundleError):
    """The file does not begin as a bundle does, or is of another version."""


class BundleTruncated(BundleError):
    """The file ends inside something."""


class BundleTooLarge(BundleError):
    """More of something than a bundle may have; ``limits`` names all of them."""


class BundleMalformed(BundleError):
    """A part does not decode, stands where it must not, or occurs twice."""


class BundleAltered(BundleError):
    """The digest at the end is not that of the file: it was damaged on the way."""


class BundleUnreadable(BundleError):
    """The operating system does not let the file be read."""


class NothingToBundle(BundleError):
    """What was asked for is not in the log, or does not fit into a bundle."""
