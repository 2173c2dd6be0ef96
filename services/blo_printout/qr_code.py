"""Letters as a QR code, drawn as SVG: two squares' widths are all that a reader needs to see."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import segno

from blo_printout.errors import CodeTooLarge

LARGEST_VERSION: Final = 25
"""117 modules a side: on 60 mm of paper half a millimetre each, which a telephone reads."""

_LEVEL: Final = "m"
"""A seventh of the code may be unreadable (ISO/IEC 18004)."""


def qr_svg(letters: str) -> str:
    """The code as an SVG document, black on white, with its quiet zone.

    Args:
        letters: What it says: digits, capitals and `` $%*+-./:``.

    Raises:
        CodeTooLarge: They do not fit a code of version 25 at level M.
    """
    try:
        code = segno.make_qr(
            letters, error=_LEVEL, mode="alphanumeric", version=None, boost_error=False
        )
    except segno.DataOverflowError as error:
        raise CodeTooLarge(len(letters)) from error
    if not isinstance(code.version, int) or code.version > LARGEST_VERSION:
        raise CodeTooLarge(len(letters))
    drawn = BytesIO()
    code.save(drawn, kind="svg", xmldecl=False, svgns=True, light="#fff")
    return drawn.getvalue().decode("utf-8")
