"""Markings of state secrets: refused in every spelling and every field, and never in prose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blo_domain.commands import ChannelRules, Command, check_content
from blo_domain.errors import RefusalReason, Refused
from blo_domain.markings import STATE_SECRETS, has_marking, is_marking_line
from blo_schemas.bodies import BODIES, Correction, body_type, body_version, decode_body
from blo_schemas.codec import encode
from blo_schemas.content import WITHOUT_CONTENT, Attachment, Dispatch
from blo_schemas.errors import WireError
from blo_schemas.summary import Kind, Step
from blo_schemas.text_fields import texts_of
from tests.unit.domain.desk import command
from tests.unit.schemas.structs import sample_of

MARKED = [
    "Mật", "MẬT", "Tối mật", "TUYỆT MẬT", "秘密", "机密", "绝密",
    # What nobody sees, inside.
    "T\u200bỐI MẬT", "TỐ\u00adI MẬT", "机\u2060密", "\ufeffMẬ\ufe0fT",
    # Traditional characters, and other forms.
    "機密", "絕密", "絶密", "祕密", "秘密★10年", "绝密★启用前", "密级：秘密", "秘密级", "机密文件",
    # Spaced out.
    "机 密", "機　密", "T Ố I  M Ậ T", "T.Ố.I M.Ậ.T", "M-Ậ-T", "S E C R E T", "机\n密",
    # Without accents, or with some.
    "TOI MAT", "Toi mat", "TUYET MAT", "Tuyêt mât", "MAT", "TOI-MAT",
    # Letters of other scripts, full width, enclosed ones.
    "ТОІ МАТ", "МẬТ", "Т0І МАТ", "ＴỐＩ ＭẬＴ", "Ѕесrеt", "🅼🅰🆃",
    # Lao and English.
    "ລັບ", "ລັບສຸດຍອດ", "ລັບທີ່ສຸດ", "ລັບ: ແຜນການ", "SECRET", "Top secret – plan", "Secret: plan",
    # At the beginning of a line, however it is set.
    "TỐI MẬT: kế hoạch", "Mật kế hoạch tuần tra", "*** TUYỆT MẬT ***", "[MẬT]", "1. Tối mật",
    "Độ mật: Tối mật", "Kính gửi\nTỐI MẬT\nđể biết", "(fictional)\r\n机密", "a\u2028Mật",
]  # fmt: skip

PROSE = [
    "bí mật", "Bí mật nhà nước", "Đối tượng giữ bí mật về nơi ở", "mật phục ba ngày",
    "Mật ong rừng", "Mật độ tuần tra", "MẬT ĐỘ TUẦN TRA", "Mật khẩu", "Mật gấu, hai kg",
    "Tôi mất hộ chiếu ở Vinh", "Tôi mất", "Toi mat ho chieu o Vinh", "Mất tích", "Mạt chược",
    "Mặt trận Tổ quốc", "Mắt trái có sẹo", "Mát-xcơ-va", "Matxcova", "Tồi tệ",
    "Mat", "Mat found in the car", "Matter", "The secret compartment", "Secretary",
    "Secret compartment found in the truck", "Secret-service men", "Secret, and well hidden",
    "保守秘密", "秘密制毒窝点", "秘密,当事人不知", "机密性要求", "此件不涉及国家秘密",
    "ລັບມີດ", "ລັບຕາ", "ຮັກສາຄວາມລັບ",
    "Người này giữ bí mật: không rõ", "Số 527/BC-UBND", "425/1", "", "\n\n", "★",
]  # fmt: skip


@pytest.mark.parametrize("text", MARKED)
def test_a_marking_line_is_found_in_every_spelling(text: str) -> None:
    assert is_marking_line(text) is not None
    assert is_marking_line(f"Kính gửi (fictional)\n{text}") is not None


@pytest.mark.parametrize("text", PROSE)
def test_ordinary_prose_is_no_marking(text: str) -> None:
    assert is_marking_line(text) is None
    assert is_marking_line(f"Kính gửi (fictional)\n{text}\n(fictional)") is None


@pytest.mark.parametrize("marking", [marking.text for marking in STATE_SECRETS])
def test_every_marking_is_found_where_markings_stand_and_in_a_sentence_it_is_none(
    marking: str,
) -> None:
    assert has_marking(f"Độ: {marking}!")
    assert has_marking(marking.upper())
    assert is_marking_line(f"Hồ sơ này không phải là {marking}") is None


def test_what_an_agreement_refuses_is_found_in_the_same_ways() -> None:
    for text in ("Restricted", "RESTRICTED – plan", "Rеstriсted", "R e s t r i c t e d"):
        assert is_marking_line(text, ("Restricted", "", "!?")) is not None
    for text in ("Restricted area entered", "unrestricted", "", "?"):
        assert is_marking_line(text, ("Restricted", "", "!?")) is None
    assert is_marking_line("Restricted") is None


@given(st.text(alphabet=st.characters(codec="utf-8")), st.text(max_size=8))
def test_no_text_and_no_agreement_makes_the_check_fail(text: str, refused: str) -> None:
    is_marking_line(text, (refused,))
    has_marking(text, (refused,))


# Every field.


STEPS = [(kind, step) for kind, step in BODIES if step not in WITHOUT_CONTENT]


def with_text(value: Any, path: str, text: str) -> Any:
    """The same value with another text in one field."""
    if not path:
        return text
    if path.startswith("["):
        at, _, rest = path[1:].partition("]")
        changed = with_text(value[int(at)], rest.removeprefix("."), text)
        return (*value[: int(at)], changed, *value[int(at) + 1 :])
    cut = min((path.index(sign) for sign in ".[" if sign in path), default=len(path))
    name, rest = path[:cut], path[cut:].removeprefix(".")
    return msgspec.structs.replace(value, **{name: with_text(getattr(value, name), rest, text)})


def refused(wanted: Command) -> str:
    with pytest.raises(Refused) as refusal:
        check_content(wanted, ChannelRules())
    assert refusal.value.reason is RefusalReason.CLASSIFIED_MARKING
    return refusal.value.words


@pytest.mark.parametrize(("kind", "step"), STEPS)
def test_every_text_of_every_body_is_looked_at(kind: Kind, step: Step) -> None:
    body = sample_of(body_type(kind, step))
    for path, _ in texts_of(body):
        spoiled = with_text(body, path, "(fictional)\nTOI MAT")
        assert f"“body.{path}”" in refused(command(kind, step, body=spoiled))


def decodes(kind: Kind, step: Step, data: bytes) -> bool:
    try:
        decode_body(kind, step, body_version(kind, step), data)
    except WireError:
        return False
    return True


@pytest.mark.parametrize(("kind", "step"), STEPS)
def test_every_text_of_a_corrected_body_is_looked_at(kind: Kind, step: Step) -> None:
    if step in (Step.SUPERSEDE, Step.PAUSE, Step.RESUME):
        return
    body = sample_of(body_type(kind, step))
    for path, _ in texts_of(body):
        inner = encode(with_text(body, path, "機密"))
        if not decodes(kind, step, inner):  # A field of a fixed form holds no words.
            continue
        correction = Correction(corrects=step, body_version=body_version(kind, step), body=inner)
        words = refused(command(kind, Step.SUPERSEDE, body=correction))
        assert f"“body.{path}”" in words


def test_every_text_of_the_document_and_the_reason_are_looked_at() -> None:
    document = sample_of(Dispatch)
    fields = dict(texts_of(document))
    assert {"subject", "translation", "attachments[0].name", "marking"} <= fields.keys()
    for path in fields:
        spoiled = with_text(document, path, "TỐI MẬT")
        refused(command(Kind.DOCUMENT, Step.ANSWER, dispatch=spoiled))
    assert "“reason”" in refused(replace(command(Kind.DOCUMENT, Step.DECLINE), reason="ລັບ"))


@pytest.mark.parametrize("name", ["MAT.pdf", "Tối mật.docx", "TOI_MAT ke hoach.pdf", "机密.tar.gz"])
def test_the_name_of_a_file_is_looked_at_without_its_ending_too(name: str) -> None:
    document = Dispatch(
        subject="(fictional)", attachments=(Attachment(name=name, size=1, sha256=bytes(32)),)
    )
    refused(command(Kind.DOCUMENT, Step.ANSWER, dispatch=document))


def test_prose_passes_in_every_field() -> None:
    for text in filter(None, PROSE):
        line = text.strip() or "★"
        document = Dispatch(subject=line, translation=text, handling_note=line)
        wanted = command(Kind.DOCUMENT, Step.ANSWER, dispatch=document)
        check_content(replace(wanted, reason=text), ChannelRules())


def test_a_type_that_may_hold_texts_is_not_passed_over() -> None:
    values: list[Callable[[], object]] = [dict, set, object]
    for value in values:
        with pytest.raises(TypeError, match="may hold texts"):
            list(texts_of((value(),)))
