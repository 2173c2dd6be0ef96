"""The people of a laboratory's offices: plainly fictional, with a password that everybody knows."""

from __future__ import annotations

from typing import Final, NamedTuple

from blo_agent.api.people_types import AppointmentForm, FirstPasswordRequest, NewPersonRequest
from blo_cli.client import AgentClient
from blo_schemas.instants import local
from blo_schemas.people import OfficeRole, PersonId

PASSWORD: Final = "seven herons cross a fictional river"  # noqa: S105 - of a laboratory, for all
"""Of everybody; a laboratory listens on loopback and holds nothing that is true."""

_LANGUAGES: Final = {"vn": "vi", "la": "lo", "cn": "zh"}
_NAMES: Final = {
    "vi": ("Trần Văn Mẫu (hư cấu)", "Nguyễn Thị Ví Dụ (hư cấu)"),
    "lo": ("ທ້າວ ຕົວຢ່າງ (ສົມມຸດ)", "ນາງ ສົມມຸດ (ສົມມຸດ)"),
    "zh": ("王示例（虚构）", "李样本（虚构）"),
    "en": ("A. Sample (fictional)", "B. Example (fictional)"),
}


class LabPerson(NamedTuple):
    """Somebody who can log in at an office.

    Attributes:
        person: The name for the log-in.
        role: What the person does there.
    """

    person: PersonId
    role: OfficeRole


STAFF: Final = (
    LabPerson("chief", OfficeRole.CHIEF),
    LabPerson("officer", OfficeRole.DUTY_OFFICER),
)
"""Who is in every office."""


def add_staff(client: AgentClient) -> None:
    """Add the people of ``STAFF`` to an office, with their password; who is there already stays.

    Args:
        client: The office's agent, whose socket stands for the whole office.

    Raises:
        CliError: The agent refuses, or does not answer.
    """
    there = {row.person for row in client.people()}
    language = _LANGUAGES.get(client.office[:2], "en")
    for (person, role), name in zip(STAFF, _NAMES[language], strict=True):
        if person in there:
            continue
        made = client.add_person(
            NewPersonRequest(
                person=person,
                name=name,
                appointments=(AppointmentForm(role=role, start=local(0)),),
                language=language,
            )
        )
        client.choose_password(FirstPasswordRequest(token=made.token, password=PASSWORD))
