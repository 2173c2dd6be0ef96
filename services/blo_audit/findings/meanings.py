"""What an audit can find (``codes.py``), in words; ``docs/audit.md`` prints it.

``python -m blo_audit.findings.meanings`` prints the table.
"""

from __future__ import annotations

import sys
from typing import Final, NamedTuple

from blo_audit.findings.codes import Code, Severity


class Meaning(NamedTuple):
    """What a code means.

    Attributes:
        severity: How much it weighs.
        means: What it means, in a sentence.
        todo: What to do.
    """

    severity: Severity
    means: str
    todo: str


_B: Final = Severity.BREACH
_D: Final = Severity.DOUBT
_N: Final = Severity.NOTE
_KEEP: Final = "Keep this log as it is, and ask every office for its own copy of the record."
_COMPARE: Final = (
    "Keep this log and the signed statement; have each office export its own log and compare."
)

MEANINGS: Final[dict[Code, Meaning]] = {
    Code.RECORDS_MISSING: Meaning(
        _B,
        "Records are not there that must be: the log begins late or has a hole.",
        "Ask the broker's operator for the topic's retention settings; read an office's copy.",
    ),
    Code.RECORD_UNREADABLE: Meaning(
        _B,
        "The bytes are no event. Whoever may write to the topic put them there, or altered what "
        "was there; every reader rejects them.",
        _KEEP,
    ),
    Code.BAD_SIGNATURE: Meaning(
        _B,
        "The record names an office's key and is not signed by it: forged, or altered. It does "
        "not count, and the named office has not written it.",
        _KEEP,
    ),
    Code.PAYLOAD_MISMATCH: Meaning(
        _B,
        "A sealed part is not the one that the header binds: altered after it was signed.",
        _KEEP,
    ),
    Code.WRONG_LINK: Meaning(
        _B,
        "The office wrote this for another link; somebody copied it here. It does not count.",
        "Ask who may write to this topic besides its agents.",
    ),
    Code.GAP: Meaning(
        _B,
        "The office's signed event follows one that is nowhere in this log: an event was left "
        "out, altered or moved.",
        "Ask the office for its outbox and the counterpart for its log, and compare.",
    ),
    Code.FORK: Meaning(
        _B,
        "Two different events claim one place in an office's chain: a second writer has its key, "
        "or the office rewrites what it sent.",
        "Ask the office whether a copy of its agent ran; if not, have its certificate revoked.",
    ),
    Code.FOLLOWS_REFUSED: Meaning(
        _N,
        "The event follows one that lies in this log and was refused, and is refused with it.",
        "Nothing, if the first refusal is explained.",
    ),
    Code.SEEN_BEYOND_LOG: Meaning(
        _B,
        "The office signed that it had read more records than lie before its own: something was "
        "cut out, or it was shown another log, or it does not tell the truth.",
        _COMPARE,
    ),
    Code.SEEN_HASH_MISMATCH: Meaning(
        _B,
        "What the office signed to have read is not this log: a record was altered, dropped, "
        "inserted or reordered before, or two offices were shown two logs.",
        _COMPARE,
    ),
    Code.SEEN_GOES_BACK: Meaning(
        _D,
        "The office states to have read less than it had before.",
        "Ask the office whether its agent was restored from an old copy.",
    ),
    Code.DUPLICATE: Meaning(
        _N,
        "The same event again: an acknowledgement was lost and it was sent once more. It counts "
        "once.",
        "Nothing.",
    ),
    Code.UNKNOWN_KEY: Meaning(
        _D,
        "No trust document names the key of this record: a stranger, or a document is missing.",
        "Ask both countries for their certificates; if none fits, ask who may write to the topic.",
    ),
    Code.NOT_A_PARTY: Meaning(
        _D,
        "The key's owner is not a party of this link, so the record does not count.",
        "Ask the owner why it writes here.",
    ),
    Code.KEY_REVOKED: Meaning(
        _D,
        "Written with a key after its revocation: by a thief, or by an office that had not heard "
        "of it. It does not count.",
        "Ask the office which of these it wrote; treat the others as the thief's.",
    ),
    Code.KEY_OUTSIDE_VALIDITY: Meaning(
        _N,
        "Written before the certificate began or after it ended, by log time; it does not count. "
        "That happens when a line was down over a renewal.",
        "Nothing, if the office sent it again under its new certificate.",
    ),
    Code.NO_AGREEMENT: Meaning(
        _N,
        "No agreement of the link was in force at that log time, so the record does not count.",
        "Nothing, if it was sent around the agreement's beginning or end.",
    ),
    Code.SUMMARY_UNREADABLE: Meaning(
        _D,
        "The office signed a summary that its own key does not open, or that says nothing.",
        "Ask the office which program wrote it.",
    ),
    Code.STEP_REFUSED: Meaning(
        _D,
        "A step that an honest agent does not send: its case exists already, or is of another "
        "kind.",
        "Ask the office which program wrote it.",
    ),
    Code.STEP_CROSSED: Meaning(
        _N,
        "A step that was legal when its office took it and no longer when it arrived: the two "
        "offices' steps crossed, or an earlier step of its own was refused.",
        "Nothing; the office's desk was told.",
    ),
    Code.CASE_FLOODED: Meaning(
        _D,
        "The case had no room for this step: the office had used its share of the case's steps, and "
        "all that is shared. An honest agent refuses such a step before it is sent.",
        "Compare how many steps each office wrote, and ask the office with the most why.",
    ),
    Code.LOG_TIME_GOES_BACK: Meaning(
        _D,
        "The log's clock goes back between two records by more than is tolerated.",
        "Ask the broker's operator about its clocks on that day.",
    ),
    Code.SIGNED_AFTER_LOG_TIME: Meaning(
        _D,
        "The record was signed later than the log says it arrived: the log's clock was behind "
        "(which can save a deadline), or the office's was ahead.",
        "Compare with the records of the other office around it: whose clock agrees with them?",
    ),
    Code.BACK_DATED: Meaning(
        _D,
        "The office signed an instant before the log received what the office had already read: "
        "the event is back-dated, or one of the two clocks was wrong.",
        "Ask the office for its journal of that day, which its heads anchor.",
    ),
    Code.LATE: Meaning(
        _N,
        "A long time lies between signing and arrival: the line was down.",
        "Nothing, if the office was offline.",
    ),
    Code.HEAD_UNREADABLE: Meaning(
        _D,
        "A value among the heads of this link is no head.",
        "Ask who may write to the topic of the heads.",
    ),
    Code.HEAD_OF_STRANGER: Meaning(
        _D,
        "A head by somebody who does not read this link, or whose key no trust document names.",
        "Ask who may write to the topic of the heads.",
    ),
    Code.HEAD_BAD_SIGNATURE: Meaning(
        _B,
        "A head that names an office and is not signed by it: forged, or altered.",
        "Ask who may write to the topic of the heads; the office's own newest head is wanted.",
    ),
    Code.HEAD_KEY_NOT_VALID: Meaning(
        _D,
        "A head signed with a key that did not count, by the head's own time and size.",
        "Ask the office whether the head is its own.",
    ),
    Code.HEAD_OF_ANOTHER_LOG: Meaning(
        _B,
        "The office signed another hash for as many records: it was shown another log, or "
        "records before that were altered, dropped, inserted or reordered since.",
        _COMPARE,
    ),
    Code.HEAD_BEYOND_LOG: Meaning(
        _B,
        "The office signed to have read more records than there are: the end was cut off, or it "
        "was shown another log.",
        _COMPARE,
    ),
    Code.HEAD_ROOT_DIFFERS: Meaning(
        _B,
        "The head's hash is this log's and its tree root is not: the office's program is "
        "defective, or it lies.",
        "Ask the office which program it ran.",
    ),
    Code.HEADS_CONTRADICT: Meaning(
        _B,
        "One office signed two different hashes for one number of records: it was shown two "
        "logs, or it lies. Both statements are signed.",
        _COMPARE,
    ),
    Code.HEAD_GOES_BACK: Meaning(
        _N,
        "A later head states fewer records than an earlier one: the office's agent read the log "
        "again from the first record.",
        "Nothing, if a later head is at the end again.",
    ),
    Code.HEAD_BACK_DATED: Meaning(
        _D,
        "The head's time lies before the log received the records that it covers.",
        "Ask the office about its clock.",
    ),
    Code.JOURNAL_REWRITTEN: Meaning(
        _B,
        "Two heads anchor one number of entries of the office's own journal with different "
        "hashes: the office rewrote its journal.",
        "Ask the office for its journal and every copy of its store.",
    ),
    Code.JOURNAL_GOES_BACK: Meaning(
        _D,
        "The office's own journal became shorter: its store was restored from an old copy, or "
        "entries were removed.",
        "Ask the office about the restoration.",
    ),
    Code.VIEWS_DIFFER: Meaning(
        _B,
        "The case views that the office signed are not those that this log gives: its desk shows "
        "something else than the log says.",
        "Ask the office for its views at that position; let its agent fold the log again.",
    ),
    Code.VIEWS_UNDER_OTHER_TRUST: Meaning(
        _N,
        "The office's views differ, and trust documents refuse records below them: it signed "
        "before it knew those documents.",
        "Nothing, if its newest head agrees.",
    ),
    Code.CHECKPOINT_REFUSED: Meaning(
        _D,
        "A checkpoint that cannot be read, or that nobody signed who may.",
        "Ask who may write to the topic of the heads.",
    ),
    Code.CHECKPOINT_DIFFERS: Meaning(
        _B,
        "A signed checkpoint has another tree root for as many records: its signers were shown "
        "another log, or records were changed since.",
        _COMPARE,
    ),
    Code.CHECKPOINT_BEYOND_LOG: Meaning(
        _B,
        "A signed checkpoint covers more records than there are: the end was cut off.",
        _COMPARE,
    ),
    Code.NO_HEAD: Meaning(
        _N,
        "No head of this office counts, so nothing shows that it has read this log but its own "
        "events.",
        "Ask the office for its newest head.",
    ),
    Code.END_UNCOVERED: Meaning(
        _N,
        "After the office's last word the records rest on the other signatures alone.",
        "Nothing on a log that is in use; else ask the office for its newest head.",
    ),
    Code.KEYS_MISSING: Meaning(
        _N,
        "Summary keys were not granted to this auditor, so what these records do is not judged.",
        "Ask the offices to grant the keys of the months that are missing.",
    ),
    Code.OUTPUT_REFUSED: Meaning(
        _D,
        "A value among the processors' outputs that is not signed by a processor of this link.",
        "Ask who may write to the topic.",
    ),
    Code.TRAIL_DIFFERS: Meaning(
        _B,
        "The processor signed something else about a record or about the log than this audit "
        "finds.",
        "Ask the processor's operator which program ran; run a worker again, which heals it.",
    ),
    Code.TRAIL_INCOMPLETE: Meaning(
        _N,
        "The trail ends before the log does, or leaves records out.",
        "Nothing, if the processor is at work; it writes what is missing.",
    ),
    Code.CASE_DIFFERS: Meaning(
        _B,
        "The processor signed another view of a case than this log gives.",
        "Ask the processor's operator which program ran; run a worker again, which heals it.",
    ),
    Code.OUTPUT_UNDER_OTHER_TRUST: Meaning(
        _N,
        "The processor's output differs, and trust documents refuse records below it: it was "
        "written before the processor knew those documents.",
        "Nothing, if what it writes now agrees.",
    ),
    Code.SHREDDING_UNCONFIRMED: Meaning(
        _D,
        "All offices agreed to delete a case's contents, and this one has not signed that it has. "
        "On a log in use that may be hours old: the instant of the agreement is told.",
        "Ask the office whether the contents are deleted; it takes the step confirm_shredding.",
    ),
    Code.GRANTS_WITHDRAWN: Meaning(
        _D,
        "The grants of a key were withdrawn from the broker, and no agreement to shred its case is "
        "in the log: whoever was to read the case later cannot.",
        "Ask who may write to the topic of the grants, and the office that opened the case; the "
        "offices hold the key and can grant it again.",
    ),
    Code.PROOF_FAILED: Meaning(
        _B,
        "The record is not proved to lie in the signed tree: the record, its position or its "
        "proof was made up or altered.",
        "Believe nothing of this record; ask for a bundle of the whole link.",
    ),
    Code.NOTHING_SIGNED: Meaning(
        _D,
        "Nobody whose signature counts has signed the tree that the proofs are for, so they prove "
        "nothing.",
        "Ask for a bundle with a checkpoint, or with an office's head of that size.",
    ),
    Code.NOT_OF_SELECTION: Meaning(
        _D,
        "A record that does not belong to what the bundle says it selects.",
        "Ask whoever made the bundle why it is there.",
    ),
    Code.DISCLOSURE_REFUSED: Meaning(
        _D,
        "A disclosure that no office which may read the link has signed; it was not used.",
        "Ask the office that it names for its disclosure.",
    ),
    Code.DISCLOSED_OTHERWISE: Meaning(
        _B,
        "The disclosed keys do not open what lies in the log: what was disclosed is not what was "
        "sealed.",
        "Ask the office that signed the disclosure, and another office of the link for its own.",
    ),
    Code.DISCLOSURES_CONTRADICT: Meaning(
        _B,
        "Two offices disclosed different keys of one event: one of the two is not derived from "
        "the case's key.",
        "Have both offices show the case's key to somebody whom both trust.",
    ),
    Code.DISCLOSED_WITHOUT_RECORD: Meaning(
        _N,
        "An event is disclosed that is not in the bundle, or whose record does not count. It was "
        "not opened.",
        "Nothing, if the disclosure is of more than the bundle; a record that does not count has "
        "a finding of its own.",
    ),
    Code.DISCLOSED_BY_WRITER_ALONE: Meaning(
        _N,
        "Only the office that wrote the event discloses it. The keys open it, but nothing shows "
        "that the others were granted the key that these are derived from.",
        "Where that matters, ask another office of the link to disclose the same event.",
    ),
    Code.DISCLOSED_WAS_CLOSED: Meaning(
        _D,
        "In its last head an office says that it could not open this record, now disclosed.",
        "Ask that office whether it can open the record, and what it reads.",
    ),
    Code.DOCUMENT_REFUSED: Meaning(
        _D,
        "A trust document that does not count; whatever it was to allow is not allowed.",
        "Read the reason; ask who published it.",
    ),
    Code.NOT_AGREED: Meaning(
        _D,
        "No agreement that counts names this link, so nobody may write on it.",
        "Ask the offices for their signed agreement, and read why documents were refused.",
    ),
}


def rows() -> list[str]:
    """The table for ``docs/audit.md``."""
    lines = ["| code | severity | what it means | what to do |", "|---|---|---|---|"]
    lines += [
        f"| `{code}` | {one.severity} | {one.means} | {one.todo} |"
        for code, one in MEANINGS.items()
    ]
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(rows()) + "\n")
