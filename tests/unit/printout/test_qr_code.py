"""QR codes: another's eyes read from the picture what was put in."""

from __future__ import annotations

from io import BytesIO

import pytest
import typst
import zxingcpp
from PIL import Image

from blo_printout.errors import CodeTooLarge
from blo_printout.qr_code import qr_svg
from tests.unit.sealing.test_receipts import of_a_million


def scanned(svg: str) -> str:
    """What a reader sees in the picture, drawn as small as on paper: 60 mm at 200 dots an inch."""
    page = (
        "#set page(width: 64mm, height: 64mm, margin: 2mm)\n"
        '#image(bytes(sys.inputs.svg), format: "svg", width: 60mm)'
    )
    picture = typst.compile(page.encode(), format="png", ppi=200.0, sys_inputs={"svg": svg})
    assert isinstance(picture, bytes)
    codes = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
    assert len(codes) == 1
    return codes[0].text


def test_a_receipt_of_a_million_records_is_read_from_the_paper() -> None:
    letters = of_a_million().letters()
    assert scanned(qr_svg(letters)) == letters


@pytest.mark.parametrize("letters", [1452, 8000])
def test_what_can_not_be_read_from_paper_is_no_code(letters: int) -> None:
    with pytest.raises(CodeTooLarge):
        qr_svg("A" * letters)


def test_as_much_as_a_receipt_may_have_is_a_code() -> None:
    assert qr_svg("A" * 1451).startswith("<svg")
