"""The desk says everything in four languages, and nothing outside its catalogs."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from blo_agent.drafts.errors import DraftRefusal
from blo_agent.people.errors import PeopleRefusal
from blo_desk import words
from blo_desk.catalogs.update import messages
from blo_desk.formats import moment, number, span, zone_name
from blo_desk.languages import CATALOGS, NAMES, SOURCE, catalog, preferred
from blo_desk.pages import TEMPLATES, environment
from blo_domain.inbox.entries import InboxKind
from blo_domain.inbox.receipts import ReceiptStage
from blo_domain.people.drafts import DraftState
from blo_schemas.people import Agency, OfficeRole
from blo_schemas.texts import zone_from

OTHERS = sorted(NAMES.keys() - {SOURCE})
SPOKEN = ("aria-label", "title", "placeholder", "alt")
LAO, HAN = re.compile("[\u0e80-\u0eff]"), re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_there_in_every_language(language: str) -> None:
    with (CATALOGS / f"{language}.po").open("rb") as file:
        known = read_po(file, locale=language, abort_invalid=True)
    wanted = {message.id for message in messages() if message.id}
    assert {message.id for message in known if message.id} == wanted, (
        "run python -m blo_desk.catalogs.update, and translate what is new"
    )
    assert not known.obsolete
    for message in known:
        if not message.id:
            continue
        given = message.string
        texts = [str(text or "") for text in ([given] if isinstance(given, str) else given or [""])]
        assert all(texts), f"{message.id!r} has no translation"
        assert not message.fuzzy, message.id
        assert not list(message.check(known)), message.id
        source = message.id[0] if isinstance(message.id, tuple) else message.id
        fields = set(re.findall(r"%\(\w+\)s", str(source)))
        for text in texts:
            assert set(re.findall(r"%\(\w+\)s", text)) == fields, message.id
            assert bool(LAO.search(text)) == (language == "lo"), text
            assert bool(HAN.search(text)) == (language == "zh"), text


def test_every_word_of_a_closed_list_has_a_message() -> None:
    assert words.ROLES.keys() == set(OfficeRole)
    assert words.AGENCIES.keys() == set(Agency)
    assert words.REFUSALS.keys() == set(PeopleRefusal)
    assert words.INBOX.keys() == set(InboxKind)
    assert words.STAGES.keys() == set(ReceiptStage)
    assert words.DRAFT_STATES.keys() == set(DraftState)
    # What there is too much of is said by one sentence for people and for drafts.
    assert words.REFUSALS.keys() | words.REASONS.keys() >= set(DraftRefusal)


class _Words(HTMLParser):
    """The texts of a template in which nothing is inserted any more."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        hidden = ("type", "hidden") in attrs or tag in ("option", "meta")
        values = [value or "" for name, value in attrs if name in SPOKEN]
        self.texts += [] if hidden or tag == "input" else values

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_a_template_says_nothing_outside_the_catalogs(path: Path) -> None:
    parser = _Words()
    text = path.read_text(encoding="utf-8")
    # The path of the page's entry in the menu is no text.
    text = re.sub(r"\{% block here %\}.*?\{% endblock %\}", " ", text)
    parser.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", " ", text, flags=re.S))
    assert [text for text in parser.texts if re.search(r"[^\W\d_]", text)] == []


def test_the_glossary_is_used_throughout(project_root: Path) -> None:
    text = (project_root / "docs" / "domain.md").read_text(encoding="utf-8")
    section = text.partition("## 7 Words")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", section, re.M)
    shared = 0
    for english, *translations in rows:
        for language, word in zip(("vi", "lo", "zh"), translations, strict=True):
            said = catalog(language).gettext(english)
            shared += said != english
            assert said in (english, word), (english, language)
    assert shared >= 12


def test_dates_numbers_and_spans_are_written_as_each_language_does() -> None:
    zone, at = zone_from("Asia/Ho_Chi_Minh"), 1_765_350_300_000
    shown = {language: moment(at, language, zone) for language in NAMES}
    assert ">14:05 10/12/2025<" in shown["vi"]
    assert ">10/12/2025 14:05<" in shown["lo"]
    assert ">2025年12月10日 14:05<" in shown["zh"]
    assert ">10 Dec 2025, 14:05<" in shown["en"]
    assert all('title="2025-12-10 07:05:00 UTC"' in text for text in shown.values())
    assert number(12_876, "vi") == "12.876"
    assert number(12_876, "zh") == "12,876"
    assert span(7_800_000, "en") == "2 h 10 min"
    assert span(-90_000_000, "vi") == "1 ngày 1 giờ"
    assert span(0, "zh") == "0分钟"
    assert zone_name(at, "vi", zone) == "Giờ Đông Dương (UTC+07)"


def test_the_browsers_language_is_taken_before_the_log_in() -> None:
    assert preferred("vi-VN,vi;q=0.9,en;q=0.8") == "vi"
    assert preferred("lo") == "lo"
    assert preferred("zh-Hans-CN, en") == "zh"
    assert preferred("fr, de") == preferred("") == preferred("\0" * 5_000) == "en"


def test_templates_escape_and_refuse_unknown_names() -> None:
    made = environment("en")
    assert made.from_string("{{ text }}").render(text="<img onerror=x>") == "&lt;img onerror=x&gt;"
    with pytest.raises(Exception, match="nothing"):
        made.from_string("{{ nothing }}").render()
