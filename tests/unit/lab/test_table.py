"""The table of a lab's programs: every row is its own, and the words count them."""

from __future__ import annotations

from pathlib import Path

from blo_lab.network.layout import Layout
from blo_lab.network.network_file import articles
from blo_lab.network.table import AGENT, PROCESSOR, WITNESS, counted, the_programs

PROGRAMS = the_programs(Layout(Path("lab")), articles())


def test_no_two_programs_share_a_subject_a_title_or_a_file() -> None:
    for column in ("subject", "title", "config", "log", "run_file", "folder"):
        values = [getattr(one, column) for one in PROGRAMS]
        assert len(set(values)) == len(values), column


def test_every_program_is_run_with_its_configuration() -> None:
    for one in PROGRAMS:
        assert one.arguments[-2:] == ("--config", str(one.config))
        assert one.log.parent == one.folder
        assert one.run_file.is_relative_to(one.folder)


def test_programs_are_counted_in_words() -> None:
    agents = [one for one in PROGRAMS if one.kind is AGENT]
    processors = [one for one in PROGRAMS if one.kind is PROCESSOR]
    witnesses = [one for one in PROGRAMS if one.kind is WITNESS]
    assert counted(PROGRAMS) == "14 agents, 2 processors and 1 witness"
    assert counted(agents[:1]) == "1 agent"
    assert counted([*processors, *witnesses]) == "2 processors and 1 witness"
    assert counted(witnesses * 2) == "2 witnesses"
