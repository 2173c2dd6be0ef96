"""Errors of the desk.

.. code-block:: text

    DeskError
    └── CatalogBroken   a catalog of messages cannot be read
"""

from __future__ import annotations


class DeskError(Exception):
    """Base of all errors of the desk; what a reader is refused is ``ActionRefused`` of the node."""


class CatalogBroken(DeskError):
    """A catalog of messages cannot be read.

    Attributes:
        language: Of which language.
    """

    def __init__(self, language: str, problem: str) -> None:
        super().__init__(
            f"the desk's messages in {language} cannot be read ({problem}); install the program anew"
        )
        self.language = language
