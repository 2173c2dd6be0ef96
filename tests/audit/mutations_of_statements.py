"""What dishonest offices sign, spoiled heads and trust documents, and how they are found."""

from __future__ import annotations

import msgspec

from blo_audit.findings.codes import Code
from blo_schemas.codec import encode
from blo_schemas.event import LogRecord
from blo_schemas.heads import SIGNED_HEAD
from blo_schemas.ids import OfficeId
from blo_schemas.trust import Agreement, Certificate, Role
from tests.audit.exhibits import (
    HOUR,
    LINK,
    OTHER,
    Exhibit,
    flip,
    forged,
    head_of,
    with_envelope,
)
from tests.audit.scene import (
    SIZE,
    VN_LAST,
    Scene,
    append,
    records,
    replace,
)
from tests.audit.spoiling import (
    ATTACKER,
    LA_KEY,
    LAST,
    Found,
    S,
    alter,
    head_with,
    heads_over,
    mutation,
)
from tests.processors.world import LA, START, VN

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
    exhibit.heads_[LINK].append(head_with(LA, log_hash=bytes(32)))


@mutation("a head with another root over the same hash", Found(Code.HEAD_ROOT_DIFFERS, 54, LA))
def root_differs(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK][-2] = head_with(LA, tree_root=bytes(32))


@mutation("a head over records that are not there", Found(Code.HEAD_BEYOND_LOG, SIZE, LA))
def head_beyond(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(head_with(LA, size=SIZE + 1))


@mutation(
    "a desk that shows something else: view digest",
    Found(Code.VIEWS_DIFFER, 54, LA),
    Found(Code.VIEWS_DIFFER, 54),
    keys=True,
)
def views_differ(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(head_with(LA, view_digest=bytes(32)))


@mutation("a head by somebody who does not read the link", Found(Code.HEAD_OF_STRANGER, 54))
def head_of_stranger(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(head_with(LA, kid=ATTACKER[1]))


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
    exhibit.heads_[LINK].append(head_with(LA, at=START))


@mutation(
    "a head that names fewer unopened records than it counts", Found(Code.HEAD_UNREADABLE, 54, LA)
)
def head_without_names(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(head_with(LA, unopened=3))


@mutation("an office rewrites its own journal", Found(Code.JOURNAL_REWRITTEN, 54, LA))
def journal_rewritten(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(head_with(LA, journal_hash=bytes(32)))


@mutation("an office cuts its own journal", Found(Code.JOURNAL_GOES_BACK, 54, LA))
def journal_cut(scene: Scene, exhibit: Exhibit) -> None:
    exhibit.heads_[LINK].append(head_with(LA, journal_size=1))


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
    heads_over(scene, exhibit)


@mutation(
    "a forged last event, and both offices' heads vouch for it",
    Found(Code.BAD_SIGNATURE, SIZE),
    None,
)
def colluding_forgery(scene: Scene, exhibit: Exhibit) -> None:
    append(exhibit, scene.seal(VN, keys=ATTACKER[0]))
    heads_over(scene, exhibit)


# Trust documents.


@mutation("an agreement altered", Found(Code.DOCUMENT_REFUSED))
def agreement_altered(scene: Scene, exhibit: Exhibit) -> None:
    alter(exhibit, Agreement)


@mutation("a certificate altered", Found(Code.DOCUMENT_REFUSED))
def certificate_altered(scene: Scene, exhibit: Exhibit) -> None:
    alter(exhibit, Certificate)


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
