"""Spoiled records, and how they are found."""

from __future__ import annotations

from blo_audit.findings.codes import Code
from tests.audit.exhibits import (
    DAY,
    HOUR,
    LINK,
    OTHER,
    Exhibit,
    flip,
    forged,
    header_of,
    renumbered,
    with_envelope,
)
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
    swap,
)
from tests.audit.spoiling import (
    ATTACKER,
    HEAD,
    LAST,
    MISREAD,
    NEXT,
    Found,
    S,
    T,
    head_with,
    mutation,
    other_header,
)
from tests.processors.world import LA, START, VN

# A record altered.


@mutation("a bit of the sealed content", Found(Code.PAYLOAD_MISMATCH, T), MISREAD)
def content_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, with_envelope(body_ct=flip))


@mutation("a bit of the sealed summary", Found(Code.PAYLOAD_MISMATCH, T), MISREAD)
def summary_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, with_envelope(summary_ct=flip))


@mutation(
    "a bit of the sealed summary, which the auditor can open",
    Found(Code.PAYLOAD_MISMATCH, T),
    keys=True,
)
def opened_summary_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, with_envelope(summary_ct=flip))


@mutation("a bit of the signature", Found(Code.BAD_SIGNATURE, T), MISREAD)
def signature_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, with_envelope(signature=flip))


@mutation("the signed time, signature left", Found(Code.BAD_SIGNATURE, T), MISREAD)
def time_altered(scene: Scene, exhibit: Exhibit) -> None:
    at = header_of(records(exhibit)[T]).at
    replace(exhibit, T, other_header(at=at + 1))


@mutation("the case of an event, signature left", Found(Code.BAD_SIGNATURE, T), MISREAD)
def case_altered(scene: Scene, exhibit: Exhibit) -> None:
    replace(exhibit, T, other_header(case=bytes(32)))


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
    exhibit.heads_[LINK].append(head_with(LA, log_hash=bytes(31) + b"1", tree_root=bytes(32)))


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
