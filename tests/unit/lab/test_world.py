"""The lab's world is docs/domain.md §1's, and says nothing of an office that the seeds don't."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from blo_lab.network.network_file import articles
from blo_lab.network.world import NOT_STATED, LabOffice
from blo_schemas.ids import OfficeId, country_of, is_corridor_id, is_link_id, is_subject_id
from blo_schemas.trust import Role

WORLD = articles()
OFFICES = [one for one in WORLD.directory if one.has_node]
PARTNERS = [one for one in WORLD.directory if not one.has_node]
LINKS = list(WORLD.links.values())
NO_BLO_NAMED = "province named in seed 003; no BLO is named there"
CONFERENCE = "conference-8-provinces"
NAMED_IN_SEED = {
    "vn-nghean": "000",
    "vn-kyson": "000",
    "vn-quephong": "003",
    "la-xiengkhouang": "000",
    "la-xamtai": "003",
    "vn-quangbinh": "001",
    "vn-tralinh": "004",
    "cn-jingxi": "004",
    "la-luangprabang": "003",
    "la-houaphan": "003",
    "la-phongsaly": "003",
    "vn-thanhhoa": "003",
    "vn-sonla": "003",
    "vn-dienbien": "003",
}


def test_every_id_is_one_and_belongs_to_its_country() -> None:
    ids = [one.id for one in WORLD.directory] + [one.id for one in WORLD.subjects]
    assert len(set(ids)) == len(ids)
    assert all(is_subject_id(one) for one in ids)
    assert {country_of(one) for one in ids} == set(WORLD.countries)
    assert all(one.region.startswith(one.country.upper()) for one in WORLD.directory)
    assert all(ZoneInfo(zone) for zone in WORLD.zones.values())


def test_every_office_names_the_seed_that_names_it() -> None:
    assert set(NAMED_IN_SEED) == {one.id for one in OFFICES}
    for id_, seed in NAMED_IN_SEED.items():
        assert f"seed {seed}" in WORLD.office(OfficeId(id_)).sources
    assert all(set(one.sources) <= {f"seed {n:03}" for n in range(5)} for one in WORLD.directory)
    assert all(one.sources for one in WORLD.directory)


@pytest.mark.parametrize("one", [one for one in OFFICES if one.hosts], ids=lambda one: one.id)
def test_a_host_is_a_known_agency_or_the_plain_word_that_none_is_named(one: LabOffice) -> None:
    for host in one.hosts:
        assert host.text == NO_BLO_NAMED or host.text.startswith("Công an ")


def test_the_conference_s_other_provinces_say_that_no_office_is_named_there() -> None:
    silent = {one.id for one in OFFICES if NO_BLO_NAMED in [host.text for host in one.hosts]}
    others = set(WORLD.parties(LINKS[2].id)) - {"vn-nghean", "la-xiengkhouang"}
    assert silent == others
    assert len(others) == 6


def test_names_that_have_ended_say_when() -> None:
    ended = {
        text.text: text.until
        for one in OFFICES
        for text in (*one.names, *one.hosts)
        if text.until is not None
    }
    assert ended == {
        "Công an huyện Kỳ Sơn": date(2025, 3, 1),
        "Công an huyện Quế Phong": date(2025, 3, 1),
        "Văn phòng BLO tỉnh Quảng Bình": date(2025, 7, 1),
        "Công an tỉnh Quảng Bình": date(2025, 7, 1),
    }


def test_names_are_there_in_the_languages_that_the_domain_gives() -> None:
    def texts(id_: str, language: str) -> list[str]:
        return [one.text for one in WORLD.office(OfficeId(id_)).names if one.language == language]

    assert texts("la-xiengkhouang", "lo") == ["ຊຽງຂວາງ"]
    assert texts("la-xamtai", "lo") == ["ຫົວພັນ"]
    assert texts("vn-tralinh", "zh") == ["茶岭", "高平"]
    assert texts("vn-tralinh", "vi") == ["BLO Trà Lĩnh", "BLO Cao Bằng"]
    assert texts("cn-jingxi", "zh") == ["靖西"]


def test_a_level_is_stated_or_said_not_to_be() -> None:
    levels = {str(one.id): one.level for one in OFFICES}
    assert levels["vn-kyson"] == "branch"
    assert levels["la-xamtai"] == "district"
    assert levels["cn-jingxi"] == "county-level city"
    assert {id_ for id_, level in levels.items() if level == NOT_STATED} == {
        "vn-quephong",
        "vn-tralinh",
    }


def test_the_links_are_those_of_the_seeds() -> None:
    assert {link.id: link.corridor for link in LINKS} == {
        "vn-kyson~la-xiengkhouang": "la-vn",
        "vn-quephong~la-xamtai": "la-vn",
        CONFERENCE: "la-vn",
        "vn-tralinh~cn-jingxi": "cn-vn",
    }
    assert all(is_link_id(link.id) and is_corridor_id(link.corridor) for link in LINKS)
    places = [(link.corridor, link.partition) for link in LINKS]
    assert len(set(places)) == len(places)
    for link in LINKS:
        assert list(link.offices) == sorted(link.offices)
        assert "-".join(sorted({country_of(one) for one in link.offices})) == link.corridor
        assert all(WORLD.office(one).has_node for one in link.offices)


def test_the_province_is_the_superior_of_its_branches_and_of_nobody_else() -> None:
    superiors = {(one.superior, one.office) for link in LINKS for one in link.superiors}
    assert superiors == {("vn-nghean", "vn-kyson"), ("vn-nghean", "vn-quephong")}
    assert LINKS[0].readers == ("la-xiengkhouang", "vn-kyson", "vn-nghean")


def test_quang_binh_has_a_node_and_no_link() -> None:
    assert OfficeId("vn-quangbinh") in WORLD.offices
    assert WORLD.links_of(OfficeId("vn-quangbinh")) == ()
    assert WORLD.countries_of(OfficeId("vn-quangbinh")) == ("vn",)


def test_an_office_trusts_its_corridors_countries_and_no_others() -> None:
    assert WORLD.countries_of(OfficeId("vn-nghean")) == ("la", "vn")
    assert WORLD.countries_of(OfficeId("cn-jingxi")) == ("cn", "vn")


def test_the_ministry_observes_each_corridor_has_its_processor_and_both_a_witness() -> None:
    roles = {one.id: (one.role, one.corridors) for one in WORLD.subjects}
    assert roles == {
        "vn-c04": (Role.OBSERVER, ("cn-vn", "la-vn")),
        "vn-processor-cn-vn": (Role.PROCESSOR, ("cn-vn",)),
        "vn-processor-la-vn": (Role.PROCESSOR, ("la-vn",)),
        "vn-witness": (Role.WITNESS, ("cn-vn", "la-vn")),
    }


def test_partners_without_a_named_office_are_in_the_directory_without_a_node() -> None:
    assert {one.names[0].text for one in PARTNERS} == {
        "Bô Ly Khăm Xay",
        "Khăm Muộn",
        "Sa Vẳn Na Khệt",
        "Lạng Sơn",
        "Quảng Ninh",
        "Bách Sắc",
        "Phòng Thành Cảng",
        "Sùng Tả",
        "Bằng Tường",
        "Đông Hưng",
    }
    assert not any(one.has_node for one in PARTNERS)
    assert not {one.id for one in PARTNERS} & set(WORLD.offices)


def test_the_shipped_scenario_lies_in_the_package() -> None:
    from blo_lab.scenarios import YEAR_OF_SEED_003

    assert Path(YEAR_OF_SEED_003).name == "year-of-seed-003.jsonl"
    assert YEAR_OF_SEED_003.is_file()
