"""Names and words that no seed gives: made up, and plainly marked as fictional."""

from __future__ import annotations

from typing import Any, Final

_FAMILIES: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vi", "Lô", "Lương", "Cụt", "Moong")
_MIDDLES: Final = ("Văn", "Thị", "Bá", "Khăm")
_GIVEN: Final = ("Ánh-Kim", "Bách-Thảo", "Cẩm-Thạch", "Dạ-Hương", "Giáng-Châu", "Hoài-Thanh")
_LAO_GIVEN: Final = ("Bun-Mi", "Khăm-Phơi", "Xổm-Chít", "Thong-Đi", "Vi-Lay", "Xay-Nha")
_LAO_FAMILIES: Final = ("Phôm-Ma-Chăn", "Xỉ-Xu-Lít", "Keo-Đa-La", "Xa-Vẳn-Xúc", "Thăm-Ma-Vông")


def fictional(text: str) -> str:
    """``text``, marked so that nobody takes it for a fact."""
    return f"(hư cấu) {text} — fictional"


def vietnamese(number: int) -> str:
    """A Vietnamese name of nobody; each number has its own."""
    family = _FAMILIES[number % len(_FAMILIES)]
    middle = _MIDDLES[number // len(_FAMILIES) % len(_MIDDLES)]
    given = _GIVEN[number % len(_GIVEN)]
    return fictional(f"{family} {middle} {given} {number:03d}")


def lao(number: int) -> str:
    """A Lao name of nobody, as Vietnamese papers spell such names."""
    given = _LAO_GIVEN[number % len(_LAO_GIVEN)]
    family = _LAO_FAMILIES[number % len(_LAO_FAMILIES)]
    return fictional(f"{given} {family} {number:03d}")


def person(number: int, nationality: str = "vn", **more: Any) -> dict[str, Any]:
    """The fields of a person who does not exist."""
    name = vietnamese(number) if nationality == "vn" else lao(number)
    return {"name": name, "nationality": nationality, **more}


def signatory(office: str) -> dict[str, Any]:
    """Who signs for an office: nobody real."""
    return {"name": fictional(f"người ký của {office}"), "position": fictional("cán bộ BLO")}
