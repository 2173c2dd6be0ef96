"""Anybody's network can be a lab; what is wrong in its file is told all at once, line by line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from blo_lab.network import network_file
from blo_lab.network.layout import Layout
from blo_lab.network.network_file import (
    MAX_FILE_BYTES,
    MAX_TOLD,
    NetworkError,
    load_network,
    parse_network,
    shipped,
)
from blo_lab.network.provision import provision
from blo_lab.network.toml_lines import key_lines
from blo_schemas.ids import OfficeId

SMALL = """\
title = "Two fictional offices"
auditor = "pl-ministry"
reporter = "pl-a"

[countries]
cz = { zone = "Europe/Prague" }
pl = { zone = "Europe/Warsaw" }

[[offices]]
id = "pl-a"
region = "PL-24"
names = [{ text = "Biuro A", language = "pl" }]

[[offices]]
id = "cz-b"
region = "CZ-80"
names = [
  { text = "Kancelář B", language = "cs" },
]

[[links]]
id = "pl-a~cz-b"
partition = 0
offices = ["cz-b", "pl-a"]
policy = "eu_2023_977"

[[subjects]]
id = "pl-ministry"
role = "observer"
name = "A ministry"
language = "en"
corridors = ["cz-pl"]

[[subjects]]
id = "pl-processor"
role = "processor"
name = "A processor"
language = "en"
corridors = ["cz-pl"]

[[subjects]]
id = "cz-witness"
role = "witness"
name = "A witness"
language = "en"
corridors = ["cz-pl"]
"""


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(NetworkError) as caught:
        parse_network("mine.toml", text.encode())
    told = str(caught.value)
    for one in caught.value.problems[:MAX_TOLD]:
        assert f"mine.toml, line {one.line}" in told
        assert one.field in told
        assert one.words in told
    return [(one.line, one.field) for one in caught.value.problems]


def with_change(old: str, new: str) -> str:
    assert SMALL.count(old) >= 1
    return SMALL.replace(old, new, 1)


def line_with(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_network_is_one_and_all_its_documents_count(
    name: str, tmp_path: Path
) -> None:
    world = load_network(shipped()[name])
    made = provision(Layout(tmp_path), world, "127.0.0.1:9", simulated_time=True)
    assert len(made) == sum(
        map(len, (world.countries, world.offices, world.subjects, world.directory, world.links))
    )
    assert Layout(tmp_path).network.read_bytes() == shipped()[name].read_bytes()


def test_anybody_s_network_is_one() -> None:
    world = parse_network("mine.toml", SMALL.encode())
    assert world.countries == ("cz", "pl")
    assert world.offices == ("pl-a", "cz-b")
    (link,) = world.links.values()
    assert (link.corridor, link.policy) == ("cz-pl", "eu_2023_977")
    assert world.office(OfficeId("cz-b")).names[0].text == "Kancelář B"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('auditor = "pl-ministry"', 'auditor = "pl-processor"', "auditor"),
        ('reporter = "pl-a"', 'reporter = "pl-x"', "reporter"),
        ('reporter = "pl-a"\n', "", "reporter"),
        ('reporter = "pl-a"', "reporter = 7", "reporter"),
        ('pl = { zone = "Europe/Warsaw" }', 'pl = { zone = "Mars/Base" }', "links[0]"),
        ('pl = { zone = "Europe/Warsaw" }', 'pl = { town = "Warsaw" }', "countries.pl.town"),
        ('pl = { zone = "Europe/Warsaw" }', 'poland = { zone = "x" }', "countries.poland"),
        ("[countries]", "[states]", "states"),
        ('id = "pl-a"', 'id = "PL A"', "offices[0].id"),
        ('id = "cz-b"', 'id = "pl-a"', "offices[1].id"),
        ('id = "cz-b"', 'id = "sk-b"', "offices[1].id"),
        ('region = "CZ-80"', 'region = "PL-80"', "offices[1].region"),
        ('region = "CZ-80"', 'region = ""', "offices[1].region"),
        ('region = "CZ-80"', 'region = "CZ-80"\ncolour = "red"', "offices[1].colour"),
        ('names = [{ text = "Biuro A", language = "pl" }]', "names = []", "offices[0].names"),
        ('text = "Biuro A", language', 'text = "Biuro A", tongue', "offices[0].names[0].tongue"),
        ("partition = 0", "partition = 1", "links[0].partition"),
        ("partition = 0", "partition = -1", "links[0].partition"),
        ("partition = 0", 'partition = "0"', "links[0].partition"),
        ('offices = ["cz-b", "pl-a"]', 'offices = ["cz-b"]', "links[0].offices"),
        ('offices = ["cz-b", "pl-a"]', 'offices = ["cz-b", 5]', "links[0].offices[1]"),
        ('offices = ["cz-b", "pl-a"]', 'offices = ["cz-b", "pl-q"]', "links[0].offices[1]"),
        ('offices = ["cz-b", "pl-a"]', 'offices = ["pl-a", "pl-a"]', "links[0].offices"),
        ('offices = ["cz-b", "pl-a"]', 'offices = ["pl-a", "cz-b"]', "links[0]"),
        ('id = "pl-a~cz-b"', 'id = "pl-c~cz-b"', "links[0]"),
        ('policy = "eu_2023_977"', 'policy = "soon"', "links[0].policy"),
        ('role = "witness"', 'role = "judge"', "subjects[2].role"),
        ('role = "witness"', 'role = "observer"', "subjects"),
        ('id = "cz-witness"', 'id = "at-witness"', "subjects[2].id"),
        ('corridors = ["cz-pl"]', 'corridors = ["cz-sk"]', "subjects[0].corridors[0]"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_field(old: str, new: str, field: str) -> None:
    text = with_change(old, new)
    found = problems(text)
    assert field in [name for _, name in found]
    line = {name: line for line, name in found}[field]
    if new and text.count(new) == 1 and field.rpartition(".")[2].partition("[")[0] in new:
        assert line == line_with(text, new.splitlines()[-1])


def test_every_problem_is_told_at_once() -> None:
    text = SMALL.replace("PL-24", "").replace('"cs" }', "7 }").replace("partition", "place")
    text = text.replace('role = "witness"', 'role = "judge"')
    assert [field for _, field in problems(text)] == [
        "offices[0].region",
        "offices[1].names[0].language",
        "links[0].partition",
        "links[0].place",
        "subjects[2].role",
    ]


def test_broken_rules_are_told_at_once_too() -> None:
    text = SMALL.replace("CZ-80", "SK-80").replace("partition = 0", "partition = 3")
    text = text.replace('reporter = "pl-a"', 'reporter = "pl-x"')
    assert [field for _, field in problems(text)] == [
        "reporter",
        "offices[1].region",
        "links[0].partition",
    ]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\xff", 1),
        (b"title = 'x'\n\xc3(", 2),
        (b"title = 'x'\nauditor = \n", 2),
        (b"title = 'x'\ntitle = 'x'\n", 2),
        (b"a = " + b"[" * 20_000, 1),
        (b"a = " + b"9" * 5000, 1),
        (b"#" * (MAX_FILE_BYTES + 1), 1),
        (b"", 1),
    ],
    ids=["latin", "late", "no-value", "twice", "deep", "digits", "large", "empty"],
)
def test_no_bytes_are_more_than_an_error(data: bytes, line: int) -> None:
    with pytest.raises(NetworkError) as caught:
        parse_network("mine.toml", data)
    assert caught.value.problems[0].line == line


def test_more_problems_than_anybody_reads_are_counted() -> None:
    more = "".join(f"colour{n} = 1\n" for n in range(MAX_TOLD + 5))
    with pytest.raises(NetworkError, match="and 5 more"):
        parse_network("mine.toml", (more + SMALL).encode())


@pytest.mark.parametrize("bound", ["MAX_OFFICES", "MAX_LINKS", "MAX_SUBJECTS", "MAX_COUNTRIES"])
def test_a_table_has_a_bound_on_its_rows(bound: str) -> None:
    table = bound.removeprefix("MAX_").lower()
    most = getattr(network_file, bound)
    rows = "".join(f"\n[[{table}]]\nid = 'x'\n" for _ in range(most + 1))
    if table == "countries":
        rows = "\n[countries]\n" + "".join(f"c{n} = {{}}\n" for n in range(most + 1))
    assert table in [field for _, field in problems(f"title = 't'\n{rows}")]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="cannot be read"):
        load_network(tmp_path / "none.toml")


def test_lines_are_found_past_strings_comments_and_arrays() -> None:
    text = '''\
# [not]
a = "# no comment [" # [[nor]]
b = [ # one
  "]", # two
  { c = 1 },
]
"d e" = """
[no.table]
f = 1"""
g.h = 2
[t."u.v"] # three
w = \'\'\'
x = 1\'\'\'
[[y]]
z = {}
[[y]]
[y.s]
q = 1
'''
    tomllib.loads(text)
    assert key_lines(text) == {
        ("a",): 2,
        ("b",): 3,
        ("d e",): 7,
        ("g",): 10,
        ("g", "h"): 10,
        ("t", "u.v"): 11,
        ("t", "u.v", "w"): 12,
        ("y", 0): 14,
        ("y", 0, "z"): 15,
        ("y", 1): 16,
        ("y", 1, "s"): 17,
        ("y", 1, "s", "q"): 18,
    }
