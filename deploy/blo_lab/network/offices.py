"""The offices and partners that the seeds name (DOMAIN §1), and nothing that they do not say.

A seed is one of the five articles that the domain was drawn from, cited by its number.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from blo_schemas.ids import CountryId, OfficeId, country_of
from blo_schemas.trust import Dated

__all__ = ["NOT_STATED", "NO_BLO_NAMED", "OFFICES", "PARTNERS", "Office", "office"]

NOT_STATED: Final = "not stated"
NO_BLO_NAMED: Final = "province named in seed 003; no BLO is named there"

DISTRICT_POLICE_ENDED: Final = date(2025, 3, 1)
QUANG_BINH_MERGED: Final = date(2025, 7, 1)


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """What the directory says of an office, or of a partner without one.

    Attributes:
        id: The opaque id.
        region: ISO 3166-2 code.
        level: As the seeds say, or ``not stated``.
        names: Dated names in its languages.
        hosts: The agency that houses it; in a conference province, that no office is named.
        seeds: Numbers of the seeds that name it.
        has_node: Whether an agent runs there in the lab.
    """

    id: OfficeId
    region: str
    level: str = NOT_STATED
    names: tuple[Dated, ...]
    hosts: tuple[Dated, ...] = ()
    seeds: tuple[str, ...]
    has_node: bool = True

    @property
    def country(self) -> CountryId:
        """Its country."""
        return country_of(self.id)


def _named(language: str, *texts: str, until: date | None = None) -> tuple[Dated, ...]:
    return tuple(Dated(text=text, language=language, until=until) for text in texts)


def _province(id_: str, region: str, *names: Dated) -> Office:
    return Office(
        id=OfficeId(id_),
        region=region,
        level="province",
        names=names,
        hosts=(Dated(text=NO_BLO_NAMED, language="en"),),
        seeds=("003",),
    )


def _partner(id_: str, region: str, name: str, *seeds: str) -> Office:
    return Office(
        id=OfficeId(id_), region=region, names=_named("vi", name), seeds=seeds, has_node=False
    )


OFFICES: Final[tuple[Office, ...]] = (
    Office(
        id=OfficeId("vn-nghean"),
        region="VN-22",
        level="province",
        names=_named("vi", "Văn phòng BLO tỉnh Nghệ An"),
        hosts=_named("vi", "Công an tỉnh Nghệ An"),
        seeds=("000",),
    ),
    Office(
        id=OfficeId("vn-kyson"),
        region="VN-22",
        level="branch",
        names=_named("vi", "Văn phòng BLO tỉnh Nghệ An, chi nhánh Kỳ Sơn"),
        hosts=_named("vi", "Công an huyện Kỳ Sơn", until=DISTRICT_POLICE_ENDED),
        seeds=("000", "003"),
    ),
    Office(
        id=OfficeId("vn-quephong"),
        region="VN-22",
        names=_named("vi", "Văn phòng liên lạc phòng, chống ma túy qua biên giới, Quế Phong"),
        hosts=_named("vi", "Công an huyện Quế Phong", until=DISTRICT_POLICE_ENDED),
        seeds=("003",),
    ),
    Office(
        id=OfficeId("la-xiengkhouang"),
        region="LA-XI",
        level="province",
        names=_named("vi", "Văn phòng BLO tỉnh Xiêng Khoảng") + _named("lo", "ຊຽງຂວາງ"),
        seeds=("000", "003"),
    ),
    Office(
        id=OfficeId("la-xamtai"),
        region="LA-HO",
        level="district",
        names=_named("vi", "Sầm Tớ, Hủa Phăn") + _named("lo", "ຫົວພັນ"),
        seeds=("003",),
    ),
    Office(
        id=OfficeId("vn-quangbinh"),
        region="VN-24",
        level="province",
        names=_named("vi", "Văn phòng BLO tỉnh Quảng Bình", until=QUANG_BINH_MERGED),
        hosts=_named("vi", "Công an tỉnh Quảng Bình", until=QUANG_BINH_MERGED),
        seeds=("001",),
    ),
    Office(
        id=OfficeId("vn-tralinh"),
        region="VN-04",
        names=_named("vi", "BLO Trà Lĩnh", "BLO Cao Bằng") + _named("zh", "茶岭", "高平"),
        hosts=_named("vi", "Công an tỉnh Cao Bằng"),
        seeds=("004",),
    ),
    Office(
        id=OfficeId("cn-jingxi"),
        region="CN-GX",
        level="county-level city",
        names=_named("vi", "BLO Tịnh Tây") + _named("zh", "靖西"),
        seeds=("004",),
    ),
    _province("la-luangprabang", "LA-LP", Dated(text="Luông Pha Băng", language="vi")),
    _province(
        "la-houaphan",
        "LA-HO",
        Dated(text="Hủa Phăn", language="vi"),
        Dated(text="ຫົວພັນ", language="lo"),
    ),
    _province("la-phongsaly", "LA-PH", Dated(text="Phong Sa Lỳ", language="vi")),
    _province("vn-thanhhoa", "VN-21", Dated(text="Thanh Hóa", language="vi")),
    _province("vn-sonla", "VN-05", Dated(text="Sơn La", language="vi")),
    _province("vn-dienbien", "VN-71", Dated(text="Điện Biên", language="vi")),
)
"""Every office that runs an agent in the lab."""

PARTNERS: Final[tuple[Office, ...]] = (
    _partner("la-bolikhamxay", "LA-BL", "Bô Ly Khăm Xay", "002", "003"),
    _partner("la-khammouane", "LA-KH", "Khăm Muộn", "001"),
    _partner("la-savannakhet", "LA-SV", "Sa Vẳn Na Khệt", "001"),
    _partner("vn-langson", "VN-09", "Lạng Sơn", "004"),
    _partner("vn-quangninh", "VN-13", "Quảng Ninh", "004"),
    _partner("cn-baise", "CN-GX", "Bách Sắc", "004"),
    _partner("cn-fangchenggang", "CN-GX", "Phòng Thành Cảng", "004"),
    _partner("cn-chongzuo", "CN-GX", "Sùng Tả", "004"),
    _partner("cn-pingxiang", "CN-GX", "Bằng Tường", "004"),
    _partner("cn-dongxing", "CN-GX", "Đông Hưng", "004"),
)
"""Partners that the seeds name without a BLO: in the directory, without a node."""

_BY_ID: Final = {one.id: one for one in (*OFFICES, *PARTNERS)}


def office(id_: OfficeId) -> Office:
    """The office or partner of this id.

    Raises:
        KeyError: There is none.
    """
    return _BY_ID[id_]
