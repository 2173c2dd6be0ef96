"""Documents of a careless root, and of offices that sign what is put before them.

What they may do to their own office and their own link is theirs; no other link may feel it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from hypothesis import strategies as st

from blo_domain.deadlines.policies import four_urgencies
from blo_log.port import ProducerRecord
from blo_log.topics import DIRECTORY_TOPIC
from blo_schemas.codec import encode
from blo_schemas.hashes import document_id
from blo_schemas.ids import CountryId, OfficeId
from blo_schemas.policy import DeadlinePolicy, OfficeZone
from blo_schemas.trust import (
    KEM_KEY_SIZE,
    Agreement,
    Certificate,
    DatedText,
    OfficeEntry,
    Revocation,
    RevokedFrom,
    Role,
    Superior,
)
from blo_sealing.keys import NodeKeys
from blo_sealing.signatures import SigningKey
from tests.agents.world import CORRIDOR, PROVINCE, YEAR_MS, A, B
from tests.hostile.attacks import NUMBER
from tests.hostile.hand import Hand
from tests.hostile.values import as_plain, spoiled
from tests.hostile.world import HOSTILE, OBSERVER, PROCESSOR, QUIET, X

LA: Final = CountryId("la")
NEW: Final = OfficeId("la-y")
"""An office that only the careless root knows."""
ZONES: Final = (
    "Mars/Olympus_Mons",
    "../../../etc/passwd",
    "/etc/localtime",
    "Asia/Ho_Chi_Minh\0",
    "localtime",
    "Etc/GMT+12",
    "Pacific/Kiritimati",
    " ",
    "Á" * 64,
)
Draft = Callable[[Hand, int, int], tuple[bytes, list[SigningKey]]]


@dataclass(frozen=True)
class Paper:
    """One document, signed by whoever would have to.

    Attributes:
        what: Which kind.
        field: Which field is spoiled.
        value: With which of its extremes.
    """

    what: int
    field: int
    value: int

    async def make(self, hand: Hand) -> None:
        draft = DRAFTS[self.what % len(DRAFTS)]
        payload, keys = draft(hand, self.field, self.value)
        made_from = b"blo/document/v1\0" + payload
        signatures = sorted([key.public, key.sign(made_from)] for key in keys)
        value = msgspec.msgpack.encode([payload, signatures])
        await hand.board.append(
            [ProducerRecord(DIRECTORY_TOPIC, 0, document_id(payload), value, hand.now)]
        )


def _root(hand: Hand) -> list[SigningKey]:
    return [hand.world.root_keys["la"]]


def _certificate(hand: Hand, subject: OfficeId, **changes: object) -> Certificate:
    keys = NodeKeys.generate(hand.dice.randbytes)
    fields: dict[str, object] = {
        "country": LA,
        "subject": subject,
        "role": Role.OFFICE,
        "names": (DatedText(text="(fictional)"),),
        "signing_key": keys.signing.public,
        "kem_key": keys.kem.public,
        "not_before": 0,
        "not_after": hand.now + YEAR_MS,
    }
    return Certificate(**(fields | changes))  # type: ignore[arg-type]


def _certified(hand: Hand, field: int, value: int) -> tuple[bytes, list[SigningKey]]:
    """A certificate of the hostile office or of a new one, spoiled in any field."""
    made = _certificate(hand, (X, NEW)[value % 2])
    return spoiled(Certificate, field, value, as_plain(made)), _root(hand)


def _of_role(hand: Hand, field: int, value: int) -> tuple[bytes, list[SigningKey]]:
    """A certificate of another role, for the same subject or for a new one."""
    subject = (X, NEW)[field % 2]
    return msgspec.msgpack.encode(
        as_plain(_certificate(hand, subject, role=tuple(Role)[value % len(Role)]))
    ), _root(hand)


def _junk_keys(hand: Hand, field: int, value: int) -> tuple[bytes, list[SigningKey]]:
    """Keys of the right size that are none."""
    junk = (bytes(KEM_KEY_SIZE), b"\xff" * KEM_KEY_SIZE, hand.dice.randbytes(KEM_KEY_SIZE))
    signing = (bytes(32), b"\x01" + bytes(31), b"\xff" * 32, hand.dice.randbytes(32))
    made = _certificate(hand, (X, NEW)[value % 2], kem_key=junk[field % len(junk)])
    if field % 4 == 0:
        made = msgspec.structs.replace(made, signing_key=signing[value % len(signing)])
    return msgspec.msgpack.encode(as_plain(made)), _root(hand)


def _same_keys(hand: Hand, field: int, value: int) -> tuple[bytes, list[SigningKey]]:
    """The hostile office's keys certified again: overlapping, expired, or not begun."""
    now = hand.now
    spans = ((0, 1), (0, now), (now, now + 1), (now + YEAR_MS, now + 2 * YEAR_MS), (0, 2**53))
    begin, end = spans[value % len(spans)]
    made = _certificate(
        hand,
        (X, NEW)[field % 2],
        signing_key=hand.keys.signing.public,
        kem_key=hand.keys.kem.public,
        not_before=begin,
        not_after=end,
    )
    return msgspec.msgpack.encode(as_plain(made)), _root(hand)


def _entry(hand: Hand, field: int, value: int) -> tuple[bytes, list[SigningKey]]:
    """A directory entry, of the friend too: names and contacts are the root's to tell."""
    names = (DatedText(text="(fictional)", language="lo"),)
    made = OfficeEntry(
        country=LA,
        office=(X, NEW, B)[value % 3],
        version=1 + value % 2,
        region="LA-XI",
        level="district",
        names=names,
        hosts=names,
        contacts=names,
        successor=(None, B, X)[value % 3],
    )
    return spoiled(OfficeEntry, field, value, as_plain(made)), _root(hand)


def _revocation(hand: Hand, field: int, value: int) -> tuple[bytes, list[SigningKey]]:
    """A revocation of the hostile office's certificate, or of one that nobody knows."""
    of_office = document_id(hand.world.certificate_payload(X))
    made = Revocation(
        country=LA,
        certificate=(of_office, hand.dice.randbytes(32))[value % 2],
        at=(hand.now, 0, 2**53)[field % 3],
        links=(RevokedFrom(link=(HOSTILE, QUIET)[value % 2], size=(0, 130, 2**53)[field % 3]),),
        reason="(fictional)",
    )
    return spoiled(Revocation, field, value, as_plain(made)), _root(hand)


def _agreement(hand: Hand, field: int, value: int) -> tuple[bytes, list[SigningKey]]:
    """A new version of the hostile link's agreement, with a policy that nobody has read."""
    offices = tuple(sorted((A, X)))
    policy = four_urgencies(offices)
    if field % 3 == 0:
        zones = tuple(OfficeZone(office=one, zone=ZONES[value % len(ZONES)]) for one in offices)
        policy = msgspec.structs.replace(policy, zones=zones)
        made_policy = msgspec.Raw(encode(policy))
    else:
        made_policy = msgspec.Raw(spoiled(DeadlinePolicy, field, value, as_plain(policy)))
    made = as_plain(
        Agreement(
            link=HOSTILE,
            corridor=CORRIDOR,
            partition=0,
            version=2,
            offices=offices,
            superiors=(Superior(superior=PROVINCE, office=A),),
            observers=(OBSERVER,),
            processors=(PROCESSOR,),
            policy=policy,
            effective_from=hand.now,
        )
    )
    made["policy"] = made_policy
    signers = (
        [hand.keys.signing]
        if value % 5 == 0
        else [
            hand.keys.signing,
            hand.world.keys[A].signing,
        ]
    )
    return msgspec.msgpack.encode(made), signers


def _other_agreement(hand: Hand, field: int, value: int) -> tuple[bytes, list[SigningKey]]:
    """A new version of the hostile link's agreement that reaches for what is not its own."""
    offices = tuple(sorted((A, X)))
    made = Agreement(
        link=HOSTILE,
        corridor=CORRIDOR,
        partition=0,
        version=2,
        offices=offices,
        superiors=(Superior(superior=PROVINCE, office=A),),
        observers=(OBSERVER,),
        processors=(PROCESSOR,),
        policy=four_urgencies(offices),
        effective_from=hand.now,
    )
    signers = [hand.keys.signing, hand.world.keys[A].signing]
    return spoiled(Agreement, field, value, as_plain(made)), signers


DRAFTS: Final[tuple[Draft, ...]] = (
    _certified,
    _of_role,
    _junk_keys,
    _same_keys,
    _entry,
    _revocation,
    _agreement,
    _other_agreement,
)
PAPERS: Final = st.builds(Paper, NUMBER, NUMBER, NUMBER)

__all__ = ["DRAFTS", "PAPERS", "Paper"]
