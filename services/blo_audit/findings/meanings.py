"""The meaning of each finding (``codes.py``); ``docs/audit.md`` prints it.

``python -m blo_audit.findings.meanings`` prints the table.
"""

from __future__ import annotations

import sys
from typing import Final

from blo_audit.findings.codes import Code
from blo_audit.findings.meaning import BREACH, DOUBT, NOTE, Meaning
from blo_audit.findings.meanings_of_files import OF_FILES

_KEEP: Final = "Keep this log as it is, and ask every office for its own copy of the record."
_COMPARE: Final = (
    "Keep this log and the signed statement; have each office export its own log and compare."
)

MEANINGS: Final[dict[Code, Meaning]] = {
    Code.RECORDS_MISSING: Meaning(
        BREACH,
        "Records are not there that must be: the log begins late or has a hole.",
        "Ask the broker's operator for the topic's retention settings; read an office's copy.",
    ),
    Code.RECORD_UNREADABLE: Meaning(
        BREACH,
        "The bytes are no event. Whoever may write to the topic put them there, or altered what "
        "was there; every reader rejects them.",
        _KEEP,
    ),
    Code.BAD_SIGNATURE: Meaning(
        BREACH,
        "The record names an office's key and is not signed by it: forged, or altered. It does "
        "not count, and the named office has not written it.",
        _KEEP,
    ),
    Code.PAYLOAD_MISMATCH: Meaning(
        BREACH,
        "A sealed part is not the one that the header binds: altered after it was signed.",
        _KEEP,
    ),
    Code.WRONG_LINK: Meaning(
        BREACH,
        "The office wrote this for another link; somebody copied it here. It does not count.",
        "Ask who may write to this topic besides its agents.",
    ),
    Code.GAP: Meaning(
        BREACH,
        "The office's signed event follows one that is nowhere in this log: an event was left "
        "out, altered or moved.",
        "Ask the office for its outbox and the counterpart for its log, and compare.",
    ),
    Code.FORK: Meaning(
        BREACH,
        "Two different events claim one place in an office's chain: a second writer has its key, "
        "or the office rewrites what it sent.",
        "Ask the office whether a copy of its agent ran; if not, have its certificate revoked.",
    ),
    Code.FOLLOWS_REFUSED: Meaning(
        NOTE,
        "The event follows one that lies in this log and was refused, and is refused with it.",
        "Nothing, if the first refusal is explained.",
    ),
    Code.SEEN_BEYOND_LOG: Meaning(
        BREACH,
        "The office signed that it had read more records than lie before its own: something was "
        "cut out, or it was shown another log, or it does not tell the truth.",
        _COMPARE,
    ),
    Code.SEEN_HASH_MISMATCH: Meaning(
        BREACH,
        "What the office signed to have read is not this log: a record was altered, dropped, "
        "inserted or reordered before, or two offices were shown two logs.",
        _COMPARE,
    ),
    Code.SEEN_GOES_BACK: Meaning(
        DOUBT,
        "The office states to have read less than it had before.",
        "Ask the office whether its agent was restored from an old copy.",
    ),
    Code.DUPLICATE: Meaning(
        NOTE,
        "The same event again: an acknowledgement was lost and it was sent once more. It counts "
        "once.",
        "Nothing.",
    ),
    Code.UNKNOWN_KEY: Meaning(
        DOUBT,
        "No trust document names the key of this record: a stranger, or a document is missing.",
        "Ask both countries for their certificates; if none fits, ask who may write to the topic.",
    ),
    Code.NOT_A_PARTY: Meaning(
        DOUBT,
        "The key's owner is not a party of this link, so the record does not count.",
        "Ask the owner why it writes here.",
    ),
    Code.KEY_REVOKED: Meaning(
        DOUBT,
        "Written with a key after its revocation: by a thief, or by an office that had not heard "
        "of it. It does not count.",
        "Ask the office which of these it wrote; treat the others as the thief's.",
    ),
    Code.KEY_OUTSIDE_VALIDITY: Meaning(
        NOTE,
        "Written before the certificate began or after it ended, by log time; it does not count. "
        "That happens when a line was down over a renewal.",
        "Nothing, if the office sent it again under its new certificate.",
    ),
    Code.NO_AGREEMENT: Meaning(
        NOTE,
        "No agreement of the link was in force at that log time, so the record does not count.",
        "Nothing, if it was sent around the agreement's beginning or end.",
    ),
    Code.SUMMARY_UNREADABLE: Meaning(
        DOUBT,
        "The office signed a summary that its own key does not open, or that says nothing.",
        "Ask the office which program wrote it.",
    ),
    Code.STEP_REFUSED: Meaning(
        DOUBT,
        "A step that an honest agent does not send: its case exists already, or is of another "
        "kind.",
        "Ask the office which program wrote it.",
    ),
    Code.STEP_CROSSED: Meaning(
        NOTE,
        "A step that was legal when its office took it and no longer when it arrived: the two "
        "offices' steps crossed, or an earlier step of its own was refused.",
        "Nothing; the office's desk was told.",
    ),
    Code.CASE_FLOODED: Meaning(
        DOUBT,
        "The case had no room for this step: the office had used its share of the case's steps, and "
        "all that is shared. An honest agent refuses such a step before it is sent.",
        "Compare how many steps each office wrote, and ask the office with the most why.",
    ),
    Code.LOG_TIME_GOES_BACK: Meaning(
        DOUBT,
        "The log's clock goes back between two records by more than is tolerated.",
        "Ask the broker's operator about its clocks on that day.",
    ),
    Code.SIGNED_AFTER_LOG_TIME: Meaning(
        DOUBT,
        "The record was signed later than the log says it arrived: the log's clock was behind "
        "(which can save a deadline), or the office's was ahead.",
        "Compare with the records of the other office around it: whose clock agrees with them?",
    ),
    Code.BACK_DATED: Meaning(
        DOUBT,
        "The office signed an instant before the log received what the office had already read: "
        "the event is back-dated, or one of the two clocks was wrong.",
        "Ask the office for its journal of that day, which its heads anchor.",
    ),
    Code.LATE: Meaning(
        NOTE,
        "A long time lies between signing and arrival: the line was down.",
        "Nothing, if the office was offline.",
    ),
    Code.HEAD_UNREADABLE: Meaning(
        DOUBT,
        "A value among the heads of this link is no head.",
        "Ask who may write to the topic of the heads.",
    ),
    Code.HEAD_OF_STRANGER: Meaning(
        DOUBT,
        "A head by somebody who does not read this link, or whose key no trust document names.",
        "Ask who may write to the topic of the heads.",
    ),
    Code.HEAD_BAD_SIGNATURE: Meaning(
        BREACH,
        "A head that names an office and is not signed by it: forged, or altered.",
        "Ask who may write to the topic of the heads; the office's own newest head is wanted.",
    ),
    Code.HEAD_KEY_NOT_VALID: Meaning(
        DOUBT,
        "A head signed with a key that did not count, by the head's own time and size.",
        "Ask the office whether the head is its own.",
    ),
    Code.HEAD_OF_ANOTHER_LOG: Meaning(
        BREACH,
        "The office signed another hash for as many records: it was shown another log, or "
        "records before that were altered, dropped, inserted or reordered since.",
        _COMPARE,
    ),
    Code.HEAD_BEYOND_LOG: Meaning(
        BREACH,
        "The office signed to have read more records than there are: the end was cut off, or it "
        "was shown another log.",
        _COMPARE,
    ),
    Code.HEAD_ROOT_DIFFERS: Meaning(
        BREACH,
        "The head's hash is this log's and its tree root is not: the office's program is "
        "defective, or it lies.",
        "Ask the office which program it ran.",
    ),
    Code.HEADS_CONTRADICT: Meaning(
        BREACH,
        "One office signed two different hashes for one number of records: it was shown two "
        "logs, or it lies. Both statements are signed.",
        _COMPARE,
    ),
    Code.HEAD_GOES_BACK: Meaning(
        NOTE,
        "A later head states fewer records than an earlier one: the office's agent read the log "
        "again from the first record.",
        "Nothing, if a later head is at the end again.",
    ),
    Code.HEAD_BACK_DATED: Meaning(
        DOUBT,
        "The head's time lies before the log received the records that it covers.",
        "Ask the office about its clock.",
    ),
    Code.JOURNAL_REWRITTEN: Meaning(
        BREACH,
        "Two heads anchor one number of entries of the office's own journal with different "
        "hashes: the office rewrote its journal.",
        "Ask the office for its journal and every copy of its store.",
    ),
    Code.JOURNAL_GOES_BACK: Meaning(
        DOUBT,
        "The office's own journal became shorter: its store was restored from an old copy, or "
        "entries were removed.",
        "Ask the office about the restoration.",
    ),
    Code.VIEWS_DIFFER: Meaning(
        BREACH,
        "The case views that the office signed are not those that this log gives: its desk shows "
        "something else than the log says.",
        "Ask the office for its views at that position; let its agent fold the log again.",
    ),
    Code.VIEWS_UNDER_OTHER_TRUST: Meaning(
        NOTE,
        "The office's views differ, and trust documents refuse records below them: it signed "
        "before it knew those documents.",
        "Nothing, if its newest head agrees.",
    ),
    Code.CHECKPOINT_REFUSED: Meaning(
        DOUBT,
        "A checkpoint that cannot be read, or with a signature that no trust document allows.",
        "Ask who may write to the topic of the heads.",
    ),
    Code.CHECKPOINT_DIFFERS: Meaning(
        BREACH,
        "A signed checkpoint has another tree root for as many records: its signers were shown "
        "another log, or records were changed since.",
        _COMPARE,
    ),
    Code.CHECKPOINT_BEYOND_LOG: Meaning(
        BREACH,
        "A signed checkpoint covers more records than there are: the end was cut off.",
        _COMPARE,
    ),
    Code.LOG_REWRITTEN: Meaning(
        BREACH,
        "The log is not the one that this auditor read before and signed for: it was cut, or "
        "records of it were altered since.",
        _COMPARE,
    ),
    Code.NO_HEAD: Meaning(
        NOTE,
        "No head of this office counts, so nothing shows that it has read this log but its own "
        "events.",
        "Ask the office for its newest head.",
    ),
    Code.END_UNCOVERED: Meaning(
        NOTE,
        "After the office's last word the records rest on the other signatures alone.",
        "Nothing on a log that is in use; else ask the office for its newest head.",
    ),
    Code.KEYS_MISSING: Meaning(
        NOTE,
        "Summary keys were not granted to this auditor, so what these records do is not judged.",
        "Ask the offices to grant the keys of the months that are missing.",
    ),
    Code.OUTPUT_REFUSED: Meaning(
        DOUBT,
        "A value among the processors' outputs that is not signed by a processor of this link.",
        "Ask who may write to the topic.",
    ),
    Code.TRAIL_DIFFERS: Meaning(
        BREACH,
        "The processor signed something else about a record or about the log than this audit "
        "finds.",
        "Ask the processor's operator which program ran; run a worker again, which heals it.",
    ),
    Code.TRAIL_INCOMPLETE: Meaning(
        NOTE,
        "The trail ends before the log does, or leaves records out.",
        "Nothing, if the processor is at work; it writes what is missing.",
    ),
    Code.CASE_DIFFERS: Meaning(
        BREACH,
        "The processor signed another view of a case than this log gives.",
        "Ask the processor's operator which program ran; run a worker again, which heals it.",
    ),
    Code.OUTPUT_UNDER_OTHER_TRUST: Meaning(
        NOTE,
        "The processor's output differs, and trust documents refuse records below it: it was "
        "written before the processor knew those documents.",
        "Nothing, if what it writes now agrees.",
    ),
    Code.SHREDDING_UNCONFIRMED: Meaning(
        DOUBT,
        "All offices agreed to delete a case's contents, and this one has not signed that it has. "
        "On a log in use that may be hours old: the instant of the agreement is told.",
        "Ask the office whether the contents are deleted; it takes the step confirm_shredding.",
    ),
    Code.GRANTS_WITHDRAWN: Meaning(
        DOUBT,
        "The grants of a key were withdrawn from the broker, and no agreement to shred its case is "
        "in the log: whoever was to read the case later cannot.",
        "Ask who may write to the topic of the grants, and the office that opened the case; the "
        "offices hold the key and can grant it again.",
    ),
    **OF_FILES,
    Code.DOCUMENT_WITHHELD: Meaning(
        DOUBT,
        "A trust document that counted at an earlier replay of this auditor is no longer there. "
        "Documents are never taken back: somebody keeps it from the auditor.",
        "Ask who published it, and who may write to the topic of the trust documents.",
    ),
    Code.DOCUMENT_REFUSED: Meaning(
        DOUBT,
        "A trust document that does not count; whatever it was to allow is not allowed.",
        "Read the reason; ask who published it.",
    ),
    Code.NOT_AGREED: Meaning(
        DOUBT,
        "No agreement that counts names this link, so nobody may write on it.",
        "Ask the offices for their signed agreement, and read why documents were refused.",
    ),
}


def rows() -> list[str]:
    """The table for ``docs/audit.md``."""
    lines = ["| code | severity | what it means | what to do |", "|---|---|---|---|"]
    lines += [
        f"| `{code}` | {meaning.severity} | {meaning.means} | {meaning.todo} |"
        for code, meaning in MEANINGS.items()
    ]
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(rows()) + "\n")
