"""The checkout keeps its own promises: packages, locks, documents and what none of them may say."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

DISTRIBUTIONS = {"pyproject.toml": ("schemas", "services"), "deploy/pyproject.toml": ("deploy",)}
SOURCE_ROOTS = [root for roots in DISTRIBUTIONS.values() for root in roots]
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.fixture(scope="module")
def pyproject(project_root: Path) -> dict[str, Any]:
    return tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def packages(project_root: Path) -> set[str]:
    return {
        f"{root}/{init.parent.name}"
        for root in SOURCE_ROOTS
        for init in (project_root / root).glob("*/__init__.py")
    }


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", requirement)[0].lower() for requirement in requirements}


def locked(path: Path) -> dict[str, str]:
    text = path.read_text(encoding="ascii")
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, flags=re.MULTILINE))


def direct_dependencies(pyproject: dict[str, Any]) -> tuple[set[str], set[str]]:
    project = pyproject["project"]
    return names(project["dependencies"]), names(project["optional-dependencies"]["dev"])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_wheel_holds_every_package_of_its_source_roots(
    name: str, packages: set[str], project_root: Path
) -> None:
    path = project_root / name
    built = tomllib.loads(path.read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    packaged = {path.parent / package for package in built["targets"]["wheel"]["packages"]}
    roots = DISTRIBUTIONS[name]
    assert packaged == {
        project_root / package for package in packages if package.partition("/")[0] in roots
    }


def test_what_the_lab_needs_is_locked_with_the_rest(
    pyproject: dict[str, Any], project_root: Path
) -> None:
    lab = tomllib.loads((project_root / "deploy" / "pyproject.toml").read_text(encoding="utf-8"))
    runtime, _ = direct_dependencies(pyproject)
    assert names(lab["project"]["dependencies"]) <= runtime | {pyproject["project"]["name"]}
    assert lab["project"]["version"] == pyproject["project"]["version"]


def test_every_package_stands_on_exactly_one_floor(
    pyproject: dict[str, Any], packages: set[str]
) -> None:
    linter = pyproject["tool"]["importlinter"]
    (floors,) = [contract for contract in linter["contracts"] if contract["type"] == "layers"]
    placed = [name.strip() for layer in floors["layers"] for name in layer.split("|")]
    there = {Path(package).name for package in packages}
    assert sorted(placed) == sorted(there)
    assert set(linter["root_packages"]) == there


def test_a_forbidding_contract_names_every_package_it_does_not_exempt(
    pyproject: dict[str, Any], packages: set[str]
) -> None:
    exempt = {
        "cryptography": {"blo_sealing"},
        "kafka": {"blo_log", "blo_processors"},
        "store": {"blo_agent"},
        "faust": {"blo_processors"},
        "holidays": set(),
    }
    there = {Path(package).name for package in packages}
    contracts = {c["id"]: c for c in pyproject["tool"]["importlinter"]["contracts"]}
    for name, allowed in exempt.items():
        assert set(contracts[name]["source_modules"]) == there - allowed, name


def test_each_direct_dependency_is_locked_and_explained(
    pyproject: dict[str, Any], project_root: Path
) -> None:
    runtime, dev = direct_dependencies(pyproject)
    assert runtime <= locked(project_root / "requirements.lock").keys()
    assert runtime | dev <= locked(project_root / "requirements-dev.lock").keys()
    text = (project_root / "docs" / "dependencies.md").read_text(encoding="utf-8")
    before, _, after = text.partition("## What checks")
    row = re.compile(r"^\| ([a-z0-9-]+) \|", flags=re.MULTILINE)
    assert set(row.findall(before)) - {"dependency"} == runtime
    checks = after.partition("## What is not")[0]
    assert set(row.findall(checks)) - {"dependency"} == dev


def test_what_is_tested_is_what_is_deployed(project_root: Path) -> None:
    runtime, dev = (locked(project_root / name) for name in LOCKS)
    assert runtime.items() <= dev.items()


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_version_has_hashes(name: str, project_root: Path) -> None:
    text = (project_root / name).read_text(encoding="ascii")
    requirements = re.split(r"\n(?=[a-z0-9])", text)
    bare = [r.partition(" ")[0] for r in requirements if "==" in r and "--hash=sha256:" not in r]
    assert bare == []


def test_the_brokers_of_every_deployment_are_of_one_version(project_root: Path) -> None:
    pom = (project_root / "deploy" / "kafka" / "pom.xml").read_text(encoding="utf-8")
    version = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([\d.]+)</version>", pom)
    assert version is not None
    compose = yaml.safe_load((project_root / "docker-compose.yml").read_text(encoding="utf-8"))
    images = {service["image"] for service in compose["services"].values()}
    assert images == {f"apache/kafka:{version[1]}"}
    sums = (project_root / "deploy" / "kafka" / "SHA256SUMS").read_text(encoding="ascii")
    assert f"  kafka_2.13-{version[1]}.jar\n" in sums


def test_three_brokers_share_one_cluster_and_listen_on_loopback_only(project_root: Path) -> None:
    compose = yaml.safe_load((project_root / "docker-compose.yml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert len(services) == 3
    settings = [service["environment"] for service in services.values()]
    assert [setting["KAFKA_NODE_ID"] for setting in settings] == [1, 2, 3]
    assert len({setting["CLUSTER_ID"] for setting in settings}) == 1
    for service, setting in zip(services.values(), settings, strict=True):
        (port,) = service["ports"]
        address, published, inner = port.rsplit(":", 2)
        assert address == "127.0.0.1"
        assert published == inner
        assert f"HOST://127.0.0.1:{published}" in setting["KAFKA_ADVERTISED_LISTENERS"]
        assert f"HOST://:{inner}" in setting["KAFKA_LISTENERS"]
        assert f"BROKERS://{service['hostname']}:9092" in setting["KAFKA_ADVERTISED_LISTENERS"]
        assert (
            f"{setting['KAFKA_NODE_ID']}@{service['hostname']}:9093"
            in (setting["KAFKA_CONTROLLER_QUORUM_VOTERS"])
        )
        assert setting["KAFKA_DEFAULT_REPLICATION_FACTOR"] == 3
        assert setting["KAFKA_MIN_INSYNC_REPLICAS"] == 2
        assert setting["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert set(compose["volumes"]) == {
        service["volumes"][0].partition(":")[0] for service in services.values()
    }


def test_the_pom_leaves_the_choice_of_repository_to_the_machine(project_root: Path) -> None:
    pom = (project_root / "deploy" / "kafka" / "pom.xml").read_text(encoding="utf-8")
    assert "epositor" not in pom


def tracked_texts(root: Path) -> dict[str, str]:
    """What a clone would hold: tracked files, and new ones that nothing ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    texts = {}
    for name in listed.decode().split("\0"):
        path = root / name
        if name and path.is_file():
            texts[name] = path.read_text(encoding="utf-8", errors="replace")
    return texts


# Written in pieces, so that this file does not contain what it looks for.
MACHINE_WORDS = [
    *(
        rf"(?<![\w.])/{top}/[a-z0-9]"
        for top in ("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers")
    ),
    *(
        rf"(?<![\w-]){host}"
        for host in (
            r"py" + r"pi\.org",
            r"files\.python" + r"hosted",
            r"repo1?\.ma" + r"ven",
            r"registry\.npm" + r"js",
            r"proxy\.go" + r"lang",
        )
    ),
    *(
        rf"--{option}\b"
        for option in (r"(?:extra-|default-)?ind" + "ex", "find-li" + "nks", "trusted-h" + "ost")
    ),
]


def test_no_file_names_a_machine_or_a_registry(project_root: Path) -> None:
    forbidden = re.compile("|".join(MACHINE_WORDS))
    named = [
        f"{name}: {match[0]}"
        for name, text in tracked_texts(project_root).items()
        for match in forbidden.finditer(text)
    ]
    assert named == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_versions_and_hashes_and_nothing_else(project_root: Path, name: str) -> None:
    """So no line can say where to fetch from."""
    allowed = re.compile(
        r"#.*|\s+# .*|[\w.-]+(\[[\w,-]+\])?==\S+( ; [^#]+)? \\|\s+--hash=sha256:[0-9a-f]{64}( \\)?"
    )
    lines = (project_root / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not allowed.fullmatch(line)] == []
    assert sum("--hash" in line for line in lines) > sum("==" in line for line in lines) > 20


def test_ci_runs_exactly_make_test(project_root: Path) -> None:
    script = project_root / ".ci" / "run"
    assert script.stat().st_mode & 0o111 == 0o111
    commands = [line for line in script.read_text().splitlines() if not line.startswith("#")]
    assert commands[-1] == "exec make test"
