"""Provisioning makes an office as people would, and every trust rule accepts the result."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from blo_audit.config import AuditorSettings
from blo_audit.witness.config import WitnessSettings
from blo_audit.witness.main import RUN_FILE
from blo_cli.trust.files import document_files, read_document, read_keys
from blo_domain.trust import LinkRole, TrustedDirectory, load_directory
from blo_lab.errors import LabError
from blo_lab.network.layout import Layout
from blo_lab.network.network_file import articles
from blo_lab.network.provision import provision, published, rewrite_bootstrap, settings_of
from blo_lab.network.table import PROCESSOR, WITNESS, LabProgram, the_programs
from blo_processors.config import ProcessorSettings
from blo_runtime.config import load
from blo_runtime.keyfiles import load_identity
from blo_schemas.hashes import document_id
from blo_schemas.ids import CorridorId, CountryId, LinkId, OfficeId
from blo_schemas.trust import DOCUMENT, OfficeEntry, Role, Root, SignedDocument
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.signatures import is_usable_signing_key, verify_signature

BOOTSTRAP = "127.0.0.1:12345"
WORLD = articles()
NOW = 1_740_000_000_000
EIGHT = LinkId("conference-8-provinces")
KYSON = LinkId("vn-kyson~la-xiengkhouang")


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return Layout(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def made(layout: Layout) -> list[SignedDocument]:
    return provision(layout, WORLD, BOOTSTRAP, simulated_time=True)


def directory_for(layout: Layout, office: str, made: list[SignedDocument]) -> TrustedDirectory:
    pins = settings_of(layout, OfficeId(office)).trust.roots
    directory, _ = load_directory(
        pins,
        made,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    return directory


@pytest.fixture(scope="module")
def directory(layout: Layout, made: list[SignedDocument]) -> TrustedDirectory:
    """With all three countries pinned, as an auditor may."""
    roots = [one for one in made if isinstance(DOCUMENT.decode(one.payload), Root)]
    pins = dict(zip(WORLD.countries, (document_id(one.payload) for one in roots), strict=True))
    found, refusals = load_directory(
        pins,
        made,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    assert refusals == ()
    return found


def test_every_document_counts(directory: TrustedDirectory, made: list[SignedDocument]) -> None:
    assert len(directory.documents) == len(made)
    assert set(directory.links()) == set(WORLD.links)


def test_a_root_needs_two_of_its_three_keys(directory: TrustedDirectory) -> None:
    shape = {country: (one.threshold, len(one.keys)) for country, one in directory.roots.items()}
    assert shape == dict.fromkeys(WORLD.countries, (2, 3))


def test_root_keys_are_files_of_blo_trust_that_only_their_owner_can_read(
    layout: Layout, directory: TrustedDirectory, made: list[SignedDocument]
) -> None:
    paths = sorted(layout.roots.glob("vn-*.key"))
    keys = read_keys(paths)
    assert {key.public for key in keys} == set(directory.roots[CountryId("vn")].keys)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)


def test_every_office_and_partner_has_its_entry(directory: TrustedDirectory) -> None:
    for one in WORLD.directory:
        entry = directory.entry(one.id)
        assert isinstance(entry, OfficeEntry)
        assert (entry.region, entry.names, entry.hosts) == (one.region, one.names, one.hosts)
        assert entry.has_node == one.has_node


@pytest.mark.parametrize("subject", [*WORLD.offices, *(one.id for one in WORLD.subjects)])
def test_everybody_is_certified_with_keys_of_their_own(
    directory: TrustedDirectory, subject: OfficeId
) -> None:
    certified = directory.certificate(subject, NOW)
    assert certified is not None
    keys = [c.certificate.signing_key for one in WORLD.offices for c in directory.certificates(one)]
    assert len(set(keys)) == len(keys) == len(WORLD.offices)


@pytest.mark.parametrize("link", sorted(WORLD.links))
def test_every_link_s_keys_reach_all_its_readers(directory: TrustedDirectory, link: LinkId) -> None:
    readers = directory.readers(link, NOW)
    content = {one.subject for one in readers.content}
    assert content == set(WORLD.links[link].readers)
    summary = {one.subject: one.part for one in readers.summary if one.subject not in content}
    corridor = WORLD.links[link].corridor
    assert summary == {
        OfficeId("vn-c04"): LinkRole.OBSERVER,
        OfficeId(f"vn-processor-{corridor}"): LinkRole.PROCESSOR,
    }
    assert readers.without_key == ()


def test_the_agreements_lie_in_their_partitions(directory: TrustedDirectory) -> None:
    assert directory.partition_count(CorridorId("la-vn")) == 3
    assert directory.partition_count(CorridorId("cn-vn")) == 1
    agreement = directory.agreement(KYSON, NOW)
    assert agreement is not None
    assert agreement.policy.name == "four-urgencies"
    assert {zone.zone for zone in agreement.policy.zones} == {"Asia/Ho_Chi_Minh", "Asia/Vientiane"}


def test_an_office_admits_all_that_its_corridors_need(
    layout: Layout, made: list[SignedDocument]
) -> None:
    jingxi = directory_for(layout, "cn-jingxi", made)
    assert jingxi.links() == ("vn-tralinh~cn-jingxi",)
    nghean = directory_for(layout, "vn-nghean", made)
    parts = {one.link: one.part for one in nghean.links_of(OfficeId("vn-nghean"), NOW)}
    assert parts == {
        EIGHT: LinkRole.PARTY,
        KYSON: LinkRole.SUPERIOR,
        LinkId("vn-quephong~la-xamtai"): LinkRole.SUPERIOR,
    }


def test_the_published_files_are_the_documents_under_names_for_people(
    layout: Layout, made: list[SignedDocument]
) -> None:
    assert document_files(layout.documents) == published(layout)
    assert {read_document(path) for path in published(layout)} == set(made)
    names = {path.name for path in published(layout)}
    assert {"root-of-vn-version-1.blo", "certificate-of-vn-kyson-office.blo"} <= names
    assert "agreement-vn-kyson~la-xiengkhouang-version-1.blo" in names


def test_every_configuration_is_read_strictly_and_says_where_kafka_is(
    layout: Layout, made: list[SignedDocument]
) -> None:
    for one in WORLD.offices:
        settings = settings_of(layout, one)
        assert settings.office == one
        assert settings.kafka.servers == [BOOTSTRAP]
        assert settings.simulated_time
        assert settings.store.path.is_file()
        assert settings.store.path.parent == layout.store(one)


def test_a_lab_that_is_taken_up_again_is_told_of_the_new_broker_and_nothing_else(
    tmp_path: Path,
) -> None:
    layout = Layout(tmp_path)
    provision(layout, WORLD, BOOTSTRAP, simulated_time=False)
    before = layout.config("vn-kyson").read_text()
    rewrite_bootstrap(layout, WORLD, "127.0.0.1:999")
    assert layout.config("vn-kyson").read_text() == before.replace(BOOTSTRAP, "127.0.0.1:999")
    assert settings_of(layout, OfficeId("vn-kyson")).kafka.servers == ["127.0.0.1:999"]
    auditor = load(layout.auditor, AuditorSettings)
    assert auditor.kafka is not None
    assert auditor.kafka.servers == ["127.0.0.1:999"]


# The processors.


@pytest.fixture(scope="module")
def processors(layout: Layout, made: list[SignedDocument]) -> dict[str, LabProgram]:
    """The processor of each corridor."""
    programs = the_programs(layout, WORLD)
    return {str(one.corridor): one for one in programs if one.kind is PROCESSOR}


def test_every_corridor_has_one_processor(processors: dict[str, LabProgram]) -> None:
    assert set(processors) == {link.corridor for link in WORLD.links.values()}


@pytest.mark.parametrize("corridor", ["cn-vn", "la-vn"])
def test_a_processor_s_configuration_is_read_strictly_and_its_keys_are_its_own(
    processors: dict[str, LabProgram], corridor: str
) -> None:
    program = processors[corridor]
    settings = load(program.config, ProcessorSettings)
    assert (settings.processor, settings.corridor) == (program.subject, corridor)
    assert settings.kafka.servers == [BOOTSTRAP]
    assert settings.simulated_time
    assert settings.keys == program.keys
    assert stat.S_IMODE(settings.keys.stat().st_mode) == 0o600
    assert program.run_file.name == f"run-{settings.group.instance}.json"
    assert program.run_file.parent == settings.keys.parent


@pytest.mark.parametrize("corridor", ["cn-vn", "la-vn"])
def test_under_its_own_pins_a_processor_is_certified_and_named_by_every_link_of_its_corridor(
    processors: dict[str, LabProgram], made: list[SignedDocument], corridor: str
) -> None:
    program = processors[corridor]
    settings = load(program.config, ProcessorSettings)
    directory, _ = load_directory(
        settings.trust.roots,
        made,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    identity = load_identity(settings.keys, program.subject)
    signer = identity.signer(directory, NOW)
    assert signer is not None
    assert signer.subject == program.subject
    agreements = directory.newest_agreements(CorridorId(corridor))
    there = {link.id for link in WORLD.links.values() if link.corridor == corridor}
    assert {one.link for one in agreements} == there
    assert {one.processors for one in agreements} == {(program.subject,)}


def test_the_observer_s_keys_are_those_that_the_readers_commands_take(
    layout: Layout, directory: TrustedDirectory
) -> None:
    observer = OfficeId("vn-c04")
    identity = load_identity(layout.identity(observer), observer, Role.OBSERVER)
    assert identity.signer(directory, NOW) is not None


# The witness and the auditor.


def test_the_witness_is_configured_for_all_corridors_and_certified_under_its_own_pins(
    layout: Layout, made: list[SignedDocument]
) -> None:
    (program,) = (one for one in the_programs(layout, WORLD) if one.kind is WITNESS)
    settings = load(program.config, WitnessSettings)
    assert settings.witness == program.subject
    assert set(settings.corridors) == {link.corridor for link in WORLD.links.values()}
    assert settings.kafka.servers == [BOOTSTRAP]
    assert settings.simulated_time
    assert settings.keys == program.keys
    assert stat.S_IMODE(settings.keys.stat().st_mode) == 0o600
    assert program.run_file == settings.state.parent / RUN_FILE
    directory, _ = load_directory(
        settings.trust.roots,
        made,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    assert set(directory.links()) == set(WORLD.links)
    signer = load_identity(settings.keys, program.subject, Role.WITNESS).signer(directory, NOW)
    assert signer is not None


def test_the_auditor_pins_every_country_and_holds_the_observer_s_keys(
    layout: Layout, made: list[SignedDocument]
) -> None:
    settings = load(layout.auditor, AuditorSettings)
    assert settings.kafka is not None
    assert settings.kafka.servers == [BOOTSTRAP]
    directory, refusals = load_directory(
        settings.trust.roots,
        made,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    assert (set(directory.roots), refusals) == (set(WORLD.countries), ())
    assert settings.keys is not None
    identity = load_identity(settings.keys, OfficeId(settings.auditor), Role.OBSERVER)
    assert identity.signer(directory, NOW) is not None


# At the end, for they look at all that was made.


@pytest.mark.parametrize("left", ["roots", "auditor.toml", "offices", "witnesses"])
def test_provisioning_again_is_refused_before_anything_is_changed(
    layout: Layout, made: list[SignedDocument], tmp_path: Path, left: str
) -> None:
    shutil.copytree(layout.root, tmp_path / "lab")
    again = Layout(tmp_path / "lab")
    for path in again.root.iterdir():
        if path.name != left:
            path.unlink() if path.is_file() else shutil.rmtree(path)
    before = contents(again.root)
    assert before
    with pytest.raises(LabError, match=rf"was provisioned before \({left}.* is there\)"):
        provision(again, WORLD, BOOTSTRAP, simulated_time=True)
    assert contents(again.root) == before


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
