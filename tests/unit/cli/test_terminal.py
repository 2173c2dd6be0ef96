"""Printing: one line stays one line, whatever its values hold, and nothing else prints."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blo_cli import terminal
from blo_schemas.plain_text import is_plain, plain

HOSTILE = (
    *"\x00\x07\x08\t\n\r\x1b\x7f\x80\x85\x9b",
    *"\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029",
    *"\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\u3164\ufeff\ufe0f\uffa0",
    *"\ud800\udcff\ue000\U000e0001\U000e0041\U000e007f",
)
"""C0, DEL, C1, fillers, bidi controls and isolates, zero widths, ends of lines, surrogates, tags."""

PRINTERS = {"services/blo_cli/terminal.py"}
"""The modules of ``blo`` that may write to a standard stream."""


@pytest.mark.parametrize("char", HOSTILE, ids=lambda char: f"U+{ord(char):04X}")
def test_a_character_that_acts_is_shown_as_an_escape(char: str) -> None:
    shown = plain(f"a{char}b")
    assert char not in shown
    assert shown.isascii()
    assert shown.startswith("a\\")
    assert shown.endswith("b")


@pytest.mark.parametrize(
    "text", ["Văn phòng liên lạc", "ຫ້ອງການປະສານງານ", "边境联络官办公室", "a\\b", "[red]x[/]"]
)
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert plain(text) == text


@settings(deadline=None)
@given(st.text())
@example("".join(HOSTILE))
def test_whatever_a_text_holds_it_is_one_plain_line(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert is_plain(shown)
    assert not any(char in shown for char in HOSTILE)


@settings(deadline=None)
@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
@example({"\udcff\x1b": ["\x9b\u2028"]})
def test_json_in_ascii_is_the_same_document(value: object) -> None:
    text = terminal.json_text(value)
    assert json.loads(text) == value
    assert text.isascii()


class Screen(io.StringIO):
    """Standard output that is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def on_screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    monkeypatch.setattr("sys.stdout", made)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return made


def test_a_style_comes_from_the_program_and_never_from_a_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = on_screen(monkeypatch)
    terminal.line("[red]:smiley: [link=https://x]y[/link]\x1b[8m", "bold")
    shown = screen.getvalue()
    assert "[red]:smiley: [link=https://x]y[/link]\\x1b[8m" in shown
    assert "\x1b[8m" not in shown
    assert "\x1b[1m" in shown


def test_a_long_line_hangs_on_a_terminal_and_stays_whole_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = on_screen(monkeypatch)
    monkeypatch.setenv("COLUMNS", "40")
    text = " ".join(f"word{number}" for number in range(20))
    terminal.line(f"- {text}", indent=2, hang=4)
    first, *rest = screen.getvalue().splitlines()
    assert first.startswith("  - word0")
    assert rest
    assert all(line.startswith("    word") for line in rest)
    assert all(len(line) <= 40 for line in [first, *rest])
    monkeypatch.undo()
    terminal.line(f"- {text}", indent=2, hang=4)
    assert capsys.readouterr().out == f"  - {text}\n"


@pytest.mark.parametrize("columns", ["0", "-5", "1", "x", "", "99999999999999999999"])
def test_no_value_of_columns_hides_a_table(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    grid = terminal.Grid("a title", ("name", "value"), right=[1])
    grid.row("[/x]y:smiley:", "1", style="bold")
    grid.row("".join(HOSTILE), "2")
    grid.show()
    shown = capsys.readouterr().out
    assert "[/x]y:smiley:" in shown
    assert not set(shown) & (set(HOSTILE) - {"\n"})


def calls(tree: ast.Module) -> Iterator[str]:
    """The names of what a module calls and reads, with the object before the dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Name):
            yield node.id


FORBIDDEN = {
    *("print", "Console", "click.echo", "click.secho", "click.echo_via_pager", "click.confirm"),
    *("click.prompt", "click.style", "sys.stdout", "sys.stderr", "click.progressbar"),
}


def test_only_the_terminal_prints(project_root: Path) -> None:
    """Whatever a new command prints goes through the one module that escapes it."""
    found = {}
    modules = [
        *(project_root / "services" / "blo_cli").rglob("*.py"),
        *(project_root / "deploy" / "blo_lab").rglob("command.py"),
        *(project_root / "deploy" / "blo_lab" / "demo").rglob("*.py"),
    ]
    for path in modules:
        name = str(path.relative_to(project_root))
        uses = FORBIDDEN & set(calls(ast.parse(path.read_text(encoding="utf-8"))))
        if uses and name not in PRINTERS:
            found[name] = uses
    assert found == {}


def test_a_table_whose_words_do_not_fit_is_a_list_and_cuts_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown(columns: str) -> str:
        monkeypatch.setenv("COLUMNS", columns)
        grid = terminal.Grid("Links", ("link", "corridor", "records"), caption="below")
        grid.row("vn-kyson~la-xiengkhouang", "la-vn", 256)
        grid.row("vn-quephong~la-xamtai")
        grid.show()
        return capsys.readouterr().out

    assert "━" in shown("60")
    narrow = shown("40")
    assert "━" not in narrow
    for words in ("Links", "link: vn-kyson~la-xiengkhouang", "corridor: la-vn", "records: 256"):
        assert words in narrow
    assert narrow.rstrip().endswith("below")
