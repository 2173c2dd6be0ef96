"""Ways to spoil an honest log, its heads and its trust documents, and what must be found.

Each says what both modes must find: a code, and where. Amortised mode is run without its sample, so
what is declared here it catches without luck; ``None`` declares that it does not, and the table in
``docs/threats.md`` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from blo_audit.findings import Code
from blo_schemas.codec import encode
from blo_schemas.event import HEADER, LogRecord
from blo_schemas.heads import SIGNED_HEAD
from blo_schemas.ids import OfficeId
from blo_schemas.trust import DOCUMENT, Agreement, Certificate, Role
from tests.audit.scene import (
    SIZE,
    VN_LAST,
    Scene,
    append,
    drop,
    insert,
    records,
    replace,
    retime,
    scene,
    swap,
)
from tests.audit.world import (
    DAY,
    HOUR,
    LINK,
    OTHER,
    Exhibit,
    flip,
    forged,
    head_of,
    header_of,
    renumbered,
    with_envelope,
)
from tests.processors.world import LA, START, VN

Spoil = Callable[[Scene, Exhibit], None]


class Found(NamedTuple):
    """What must be among the findings."""

    code: Code
    position: int | None = None
    office: OfficeId | None = None


class Mutation(NamedTuple):
    """One way to spoil an exhibit.

    Attributes:
        name: Stable name.
        what: What is done, in words, for the table.
        spoil: Does it.
        full: What full mode must find.
        amortised: What amortised mode must find without luck; ``None``: nothing.
        keys: Whether the auditor needs summary keys for it.
    """

    name: str
    what: str
    spoil: Spoil
    full: Found | None
    amortised: Found | None
    keys: bool = False


ALL: Final[list[Mutation]] = []


def mutation(
    what: str,
    full: Found | None,
    *amortised: Found | None,
    keys: bool = False,
) -> Callable[[Spoil], Spoil]:
    """Adds a mutation; without a further finding amortised mode must find the same."""

    def add(spoil: Spoil) -> Spoil:
        name = spoil.__name__.strip("_")
        ALL.append(Mutation(name, what, spoil, full, amortised[0] if amortised else full, keys))
        return spoil

    return add


S: Final = scene()
T: Final = S.before_other(VN)
"""A record of VN in the middle: heads of both offices cover it, and LA read it next."""
NEXT: Final = S.of(VN, T + 1)
READ: Final = T + 1
HEAD: Final = 27
"""The first heads after ``T``."""
LAST: Final = SIZE - 1
VN_KEY: Final = S.world.keys[VN].signing
LA_KEY: Final = S.world.keys[LA].signing
ATTACKER: Final = S.stranger("vn-attacker")
MISREAD: Final = Found(Code.SEEN_HASH_MISMATCH, READ)
FROM_OTHER: Final = S.other.records[T].value


# A record altered.


@mutation("a bit of the sealed content", Found(Code.PAYLOAD_MISMATCH, T), MISREAD)
def content_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, with_envelope(body_ct=flip))


@mutation("a bit of the sealed summary", Found(Code.PAYLOAD_MISMATCH, T), MISREAD)
def summary_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, with_envelope(summary_ct=flip))


@mutation("a bit of the signature", Found(Code.BAD_SIGNATURE, T), MISREAD)
def signature_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, with_envelope(signature=flip))


@mutation("the signed time, signature left", Found(Code.BAD_SIGNATURE, T), MISREAD)
def time_altered(scene: Scene, exhibit: Exhibit) -> None:
    at = header_of(records(exhibit)[T]).at
    replace(exhibit, T, _header(at=at + 1))


@mutation("the case of an event, signature left", Found(Code.BAD_SIGNATURE, T), MISREAD)
def case_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, _header(case=bytes(32)))


@mutation("an event signed anew with a stranger's key", Found(Code.BAD_SIGNATURE, T), MISREAD)
def signed_anew(scene: Scene, exhibit: Exhibit) -> None:
    value = forged(records(exhibit)[T], LINK, ATTACKER[0].signing, salt=bytes(16))
    replace(exhibit, T, lambda _: value)


@mutation("a record cut short", Found(Code.RECORD_UNREADABLE, T))
def cut_short(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, lambda value: value[:-1])


@mutation("bytes added to a record", Found(Code.RECORD_UNREADABLE, T))
def bytes_added(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, lambda value: value + b"\0")


@mutation("a record emptied", Found(Code.RECORD_UNREADABLE, T))
def emptied(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, lambda _: b"")


@mutation("the same record in another encoding", Found(Code.RECORD_UNREADABLE, T))
def encoded_otherwise(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, lambda value: b"\xdc\x00\x04" + value[1:])


@mutation(
    "the first record altered", Found(Code.PAYLOAD_MISMATCH, 0), Found(Code.SEEN_HASH_MISMATCH, 1)
)
def first_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, 0, with_envelope(body_ct=flip))


@mutation("the last record altered, which no head covers", Found(Code.PAYLOAD_MISMATCH, LAST))
def last_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, LAST, with_envelope(body_ct=flip))


@mutation("the last record's signature altered", Found(Code.BAD_SIGNATURE, LAST))
def last_signature_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, LAST, with_envelope(signature=flip))


@mutation(
    "a record altered that only one office's newest head covers",
    Found(Code.PAYLOAD_MISMATCH, VN_LAST - 1),
)
def half_covered_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, VN_LAST - 1, with_envelope(body_ct=flip))


@mutation(
    "a record altered before a head, found by the head alone",
    Found(Code.HEAD_OF_ANOTHER_LOG, HEAD, VN),
)
def altered_against_head(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, HEAD - 1, with_envelope(body_ct=flip))


# Dropped, inserted, reordered, duplicated, moved.


@mutation("a record dropped", Found(Code.SEEN_BEYOND_LOG, T, LA))
def dropped(scene: Scene, exhibit: Exhibit) -> None:
    drop(exhibit, T)


@mutation("the first record dropped", Found(Code.GAP, S.of(VN, 1) - 1, VN))
def first_dropped(scene: Scene, exhibit: Exhibit) -> None:
    drop(exhibit, 0)


@mutation("an event dropped, its office's chain broken", Found(Code.GAP, NEXT - 1, VN))
def chain_broken(scene: Scene, exhibit: Exhibit) -> None:
    drop(exhibit, T)


@mutation("three records dropped", Found(Code.HEAD_BEYOND_LOG, SIZE - 3, VN))
def three_dropped(scene: Scene, exhibit: Exhibit) -> None:
    drop(exhibit, T, T + 1, T + 2)


@mutation("all events of one office dropped", Found(Code.SEEN_BEYOND_LOG, None, LA))
def office_dropped(scene: Scene, exhibit: Exhibit) -> None:
    drop(exhibit, *[at for at in range(SIZE) if scene.of_office(at) == VN])


@mutation("a hole in the log", Found(Code.RECORDS_MISSING, T))
def hole(scene: Scene, exhibit: Exhibit) -> None:
    del records(exhibit)[T]


@mutation("the first ten records gone", Found(Code.RECORDS_MISSING, 0))
def begins_late(scene: Scene, exhibit: Exhibit) -> None:
    del records(exhibit)[:10]


@mutation("bytes inserted that are no event", Found(Code.RECORD_UNREADABLE, T))
def rubbish_inserted(scene: Scene, exhibit: Exhibit) -> None:
    insert(exhibit, T, b"no event")


@mutation("a record inserted under a key that nobody certified", Found(Code.UNKNOWN_KEY, T))
def stranger_inserted(scene: Scene, exhibit: Exhibit) -> None:
    value = forged(records(exhibit)[T], LINK, ATTACKER[0].signing, kid=ATTACKER[1])
    insert(exhibit, T, value)


@mutation(
    "an event inserted in an office's name",
    Found(Code.BAD_SIGNATURE, T),
    Found(Code.FORK, T + 1),
)
def forged_inserted(scene: Scene, exhibit: Exhibit) -> None:
    value = forged(records(exhibit)[T], LINK, ATTACKER[0].signing, salt=bytes(16))
    insert(exhibit, T, value)


@mutation(
    "an event inserted in an office's name, with a striking time", Found(Code.BAD_SIGNATURE, T)
)
def forged_back_dated(scene: Scene, exhibit: Exhibit) -> None:
    value = forged(records(exhibit)[T], LINK, ATTACKER[0].signing, at=START)
    insert(exhibit, T, value)


@mutation("an event forged at the end, which no head covers", Found(Code.BAD_SIGNATURE, SIZE))
def forged_at_end(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.seal(VN, keys=ATTACKER[0]))


@mutation("rubbish at the end, which no head covers", Found(Code.RECORD_UNREADABLE, SIZE))
def rubbish_at_end(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, b"\x94")


@mutation("two neighbours swapped", Found(Code.SEEN_BEYOND_LOG, T))
def swapped(scene: Scene, exhibit: Exhibit) -> None:
    swap(exhibit, T, T + 1)


@mutation("two neighbours of one office swapped", Found(Code.GAP, S.pair(VN), VN))
def own_swapped(scene: Scene, exhibit: Exhibit) -> None:
    swap(exhibit, scene.pair(VN), scene.pair(VN) + 1)


@mutation("a record moved back by ten places", Found(Code.GAP, T - 10, VN))
def moved_back(scene: Scene, exhibit: Exhibit) -> None:
    held = records(exhibit)
    held.insert(T - 10, held.pop(T))
    exhibit.records_[LINK] = renumbered(held)


@mutation("a record moved to the end", Found(Code.SEEN_BEYOND_LOG, T, LA))
def moved_to_end(scene: Scene, exhibit: Exhibit) -> None:
    held = records(exhibit)
    held.append(held.pop(T))
    exhibit.records_[LINK] = renumbered(held)


@mutation("a record duplicated beside itself", MISREAD._replace(position=T + 3))
def duplicated(scene: Scene, exhibit: Exhibit) -> None:
    insert(exhibit, T + 1, records(exhibit)[T].value)


@mutation("an old record sent again at the end", Found(Code.DUPLICATE, SIZE, VN))
def replayed(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, records(exhibit)[T].value)


@mutation("a record of another link inserted", Found(Code.WRONG_LINK, T, VN))
def moved_between_links(scene: Scene, exhibit: Exhibit) -> None:
    insert(exhibit, T, scene.other_of(VN))


@mutation("a record of another link in the place of one", Found(Code.WRONG_LINK, T, VN))
def exchanged_between_links(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, lambda _: scene.other_of(VN))


@mutation("a record of another link at the end", Found(Code.WRONG_LINK, SIZE, LA))
def moved_to_links_end(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.other_of(LA))


@mutation("the whole log of another link", Found(Code.WRONG_LINK, 0))
def logs_exchanged(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.records_[LINK] = list(exhibit.records_[OTHER])


# The end cut off, and two logs.


@mutation("the end cut off below a head", Found(Code.HEAD_BEYOND_LOG, 50, LA))
def end_cut(scene: Scene, exhibit: Exhibit) -> None:
    del records(exhibit)[50:]


@mutation("the end cut off below one office's head only", Found(Code.HEAD_BEYOND_LOG, 56, VN))
def end_cut_of_one(scene: Scene, exhibit: Exhibit) -> None:
    del records(exhibit)[56:]


@mutation("the end cut off above all heads (no trace of it exists)", None)
def end_cut_unseen(scene: Scene, exhibit: Exhibit) -> None:
    del records(exhibit)[VN_LAST:]


@mutation("all records gone", Found(Code.HEAD_BEYOND_LOG, 0, VN))
def log_emptied(scene: Scene, exhibit: Exhibit) -> None:
    records(exhibit).clear()


@mutation("one office was shown another log", Found(Code.HEAD_OF_ANOTHER_LOG, 54, LA))
def another_log_shown(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(_head(LA, log_hash=bytes(31) + b"1", tree_root=bytes(32)))


@mutation("an office wrote after reading another log", Found(Code.SEEN_HASH_MISMATCH, SIZE, LA))
def wrote_on_another_log(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.seal(LA, seen_hash=bytes(32)))


# Log times.


@mutation("a log time set back", Found(Code.LOG_TIME_GOES_BACK, T))
def log_time_back(scene: Scene, exhibit: Exhibit) -> None:
    retime(exhibit, T, -2 * HOUR)


@mutation("a log time before the signed time", Found(Code.SIGNED_AFTER_LOG_TIME, T, VN))
def log_time_before_signing(scene: Scene, exhibit: Exhibit) -> None:
    retime(exhibit, T, -HOUR)


@mutation("a log time set forward", Found(Code.LOG_TIME_GOES_BACK, T + 1))
def log_time_forward(scene: Scene, exhibit: Exhibit) -> None:
    retime(exhibit, T, 2 * HOUR)


@mutation(
    "all log times a month earlier, against the signed ones", Found(Code.SIGNED_AFTER_LOG_TIME, 0)
)
def log_times_shifted(scene: Scene, exhibit: Exhibit) -> None:
    for position in range(SIZE):
        retime(exhibit, position, -30 * DAY)


# A dishonest office.


@mutation("an office forks its chain", Found(Code.FORK, SIZE + 1, VN), Found(Code.FORK, SIZE + 1))
def forks(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.seal(VN), scene.seal(VN))


@mutation("an office rewrites its first event", Found(Code.FORK, SIZE, VN), Found(Code.FORK, SIZE))
def rewrites(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.seal(VN, oseq=0, oprev=bytes(32)))


@mutation("an office leaves out an event", Found(Code.GAP, SIZE, LA))
def leaves_out(scene: Scene, exhibit: Exhibit) -> None:
    oseq = scene.writer.fold.chain.next_place(LA).oseq
    append(exhibit, scene.seal(LA, oseq=oseq + 1, oprev=bytes(32)))


@mutation("an office claims to have read what is not there", Found(Code.SEEN_BEYOND_LOG, SIZE, LA))
def claims_to_have_read(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.seal(LA, seen_size=SIZE + 5))


@mutation("an office denies having read", Found(Code.SEEN_GOES_BACK, SIZE, LA))
def denies_having_read(scene: Scene, exhibit: Exhibit) -> None:
    hashed = scene.writer.fold.chain.hash_at(5)
    append(exhibit, scene.seal(LA, seen_size=5, seen_hash=hashed))


@mutation("an office back-dates an event", Found(Code.BACK_DATED, SIZE, LA))
def back_dates(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.seal(LA, at=scene.writer.now - 2 * HOUR))


@mutation("an office dates an event ahead", Found(Code.SIGNED_AFTER_LOG_TIME, SIZE, LA))
def dates_ahead(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.seal(LA, at=scene.writer.now + 2 * HOUR))


@mutation("an office signs after its key was revoked", Found(Code.KEY_REVOKED, S.of(VN, 50), VN))
def signs_after_revocation(scene: Scene, exhibit: Exhibit) -> None:
    certificate = scene.certified(VN).id
    exhibit.documents_.append(scene.world.revoke(certificate, scene.writer.now, [(LINK, 48)]))


@mutation("an office signs with an ended certificate", Found(Code.KEY_OUTSIDE_VALIDITY, SIZE, VN))
def signs_after_the_end(scene: Scene, exhibit: Exhibit) -> None:
    keys, tag, document = scene.stranger(VN, not_after=START)
    exhibit.documents_.append(document)
    append(exhibit, scene.seal(VN, keys=keys, kid=tag))


@mutation(
    "an office of another link writes here", Found(Code.NOT_A_PARTY, SIZE, OfficeId("la-other"))
)
def not_a_party_writes(scene: Scene, exhibit: Exhibit) -> None:
    keys, tag, document = scene.stranger("la-other")
    exhibit.documents_.append(document)
    append(exhibit, scene.seal(VN, keys=keys, kid=tag))


@mutation("an office writes without an agreement", Found(Code.NO_AGREEMENT, SIZE, VN))
def writes_without_agreement(scene: Scene, exhibit: Exhibit) -> None:
    held = records(exhibit)
    held.append(LogRecord(SIZE, -1, scene.seal(VN)))


@mutation(
    "an office seals a summary that nobody can open",
    Found(Code.SUMMARY_UNREADABLE, SIZE, LA),
    keys=True,
)
def unreadable_summary(scene: Scene, exhibit: Exhibit) -> None:
    template = LogRecord(SIZE, 0, scene.seal(LA))
    append(exhibit, forged(template, LINK, LA_KEY, salt=bytes(16)))


@mutation("an office opens a case twice", Found(Code.STEP_REFUSED, SIZE, LA), keys=True)
def case_opened_twice(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.open_again(LA))


# Heads.


@mutation("a head forged in an office's name", Found(Code.HEAD_BAD_SIGNATURE, 54))
def head_forged(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(scene.writer.signed(head_of(scene.head(LA)), VN))


@mutation("a head altered", Found(Code.HEAD_BAD_SIGNATURE, 54))
def head_altered(scene: Scene, exhibit: Exhibit) -> None:
    signed = SIGNED_HEAD.decode(scene.head(LA))
    altered = encode(msgspec.structs.replace(head_of(scene.head(LA)), at=1))
    exhibit.heads_[LINK].append(encode(msgspec.structs.replace(signed, head=altered)))


@mutation("an office equivocates: two hashes for one size", Found(Code.HEADS_CONTRADICT, 54, LA))
def equivocates(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(_head(LA, log_hash=bytes(32)))


@mutation("a head with another root over the same hash", Found(Code.HEAD_ROOT_DIFFERS, 54, LA))
def root_differs(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK][-2] = _head(LA, tree_root=bytes(32))


@mutation("a head over records that are not there", Found(Code.HEAD_BEYOND_LOG, SIZE, LA))
def head_beyond(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(_head(LA, size=SIZE + 1))


@mutation(
    "a desk that shows something else: view digest", Found(Code.VIEWS_DIFFER, 54, LA), keys=True
)
def views_differ(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(_head(LA, view_digest=bytes(32)))


@mutation("a head by somebody who does not read the link", Found(Code.HEAD_OF_STRANGER, 54))
def head_of_stranger(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(_head(LA, kid=ATTACKER[1]))


@mutation("a head of another link", Found(Code.HEAD_OF_STRANGER, 54))
def head_of_other_link(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(scene.exhibit.heads_[OTHER][-2])


@mutation("bytes among the heads that are none", Found(Code.HEAD_UNREADABLE))
def rubbish_among_heads(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(b"rubbish")


@mutation("a head signed with a revoked key", Found(Code.HEAD_KEY_NOT_VALID, VN_LAST, VN))
def head_after_revocation(scene: Scene, exhibit: Exhibit) -> None:
    certificate = scene.certified(VN).id
    exhibit.documents_.append(scene.world.revoke(certificate, scene.writer.now, [(LINK, 57)]))


@mutation("a back-dated head", Found(Code.HEAD_BACK_DATED, 54, LA))
def head_back_dated(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(_head(LA, at=START))


@mutation(
    "a head that names fewer unopened records than it counts", Found(Code.HEAD_UNREADABLE, 54, LA)
)
def head_without_names(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(_head(LA, unopened=3))


@mutation("an office rewrites its own journal", Found(Code.JOURNAL_REWRITTEN, 54, LA))
def journal_rewritten(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(_head(LA, journal_hash=bytes(32)))


@mutation("an office cuts its own journal", Found(Code.JOURNAL_GOES_BACK, 54, LA))
def journal_cut(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(_head(LA, journal_size=1))


@mutation("all heads withheld", Found(Code.NO_HEAD, SIZE, LA))
def heads_withheld(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].clear()


@mutation("an old head put in a newer one's place", Found(Code.HEAD_GOES_BACK, 9, LA))
def head_rolled_back(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(exhibit.heads_[LINK][1])


# Offices that lie together: what only verifying every signature finds.


@mutation(
    "altered content, and both offices' heads lie about it",
    Found(Code.PAYLOAD_MISMATCH, LAST),
    None,
)
def colluding_content(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, LAST, with_envelope(body_ct=flip))
    _heads_over(scene, exhibit)


@mutation(
    "a forged last event, and both offices' heads vouch for it",
    Found(Code.BAD_SIGNATURE, SIZE),
    None,
)
def colluding_forgery(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.seal(VN, keys=ATTACKER[0]))
    _heads_over(scene, exhibit)


# Trust documents.


@mutation("an agreement altered", Found(Code.DOCUMENT_REFUSED))
def agreement_altered(scene: Scene, exhibit: Exhibit) -> None:
    _alter(exhibit, Agreement)


@mutation("a certificate altered", Found(Code.DOCUMENT_REFUSED))
def certificate_altered(scene: Scene, exhibit: Exhibit) -> None:
    _alter(exhibit, Certificate)


@mutation("a revocation forged", Found(Code.DOCUMENT_REFUSED))
def revocation_forged(scene: Scene, exhibit: Exhibit) -> None:
    real = scene.world.revoke(scene.certified(LA).id, START)
    [signature] = real.signatures
    bad = msgspec.structs.replace(signature, signature=flip(signature.signature))
    exhibit.documents_.append(msgspec.structs.replace(real, signatures=(bad,)))


@mutation("a second agreement for the same version", Found(Code.DOCUMENT_REFUSED))
def agreements_contradict(scene: Scene, exhibit: Exhibit) -> None:
    world = scene.world
    known = len(world.documents)
    world.agree(world.places[1], effective_from=1)
    exhibit.documents_ += world.documents[known:]
    del world.documents[known:]


@mutation("a renewed certificate withheld", Found(Code.UNKNOWN_KEY, SIZE))
def certificate_withheld(scene: Scene, exhibit: Exhibit) -> None:
    keys, tag, _ = scene.stranger(VN)
    append(exhibit, scene.seal(VN, keys=keys, kid=tag))


@mutation("a certificate of another role writes", Found(Code.NOT_A_PARTY, SIZE, VN))
def wrong_role_writes(scene: Scene, exhibit: Exhibit) -> None:
    keys, tag, document = scene.stranger(VN, role=Role.WITNESS)
    exhibit.documents_.append(document)
    append(exhibit, scene.seal(VN, keys=keys, kid=tag))


def _header(**changes: Any) -> Callable[[bytes], bytes]:
    """Other header fields, the signature left as it is."""

    def change(header: bytes) -> bytes:
        return encode(msgspec.structs.replace(HEADER.decode(header), **changes))

    return with_envelope(header=change)


def _head(office: OfficeId, **changes: Any) -> bytes:
    """The office's newest head, with something changed, signed by it."""
    return S.writer.signed(msgspec.structs.replace(head_of(S.head(office)), **changes), office)


def _heads_over(scene: Scene, exhibit: Exhibit) -> None:
    """Heads of both over the spoiled log, as if neither had verified anything."""
    chain = scene.chain_of(exhibit)
    over = {"size": chain.size, "log_hash": chain.log_hash, "tree_root": chain.tree_root()}
    late = {"at": scene.writer.now, "journal_size": 10**6}
    exhibit.heads_[LINK] += [_head(office, **over, **late) for office in (VN, LA)]


def _alter(exhibit: Exhibit, kind: type) -> None:
    at = max(
        at
        for at, one in enumerate(exhibit.documents_)
        if isinstance(DOCUMENT.decode(one.payload), kind)
    )
    signed = exhibit.documents_[at]
    first, *rest = signed.signatures
    bad = msgspec.structs.replace(first, signature=flip(first.signature))
    exhibit.documents_[at] = msgspec.structs.replace(signed, signatures=(bad, *rest))


__all__ = ["ALL", "Found", "Mutation"]
