"""The meaning of each finding in bundles, journals and reports."""

from __future__ import annotations

from typing import Final

from blo_audit.findings.codes import Code
from blo_audit.findings.meaning import BREACH, DOUBT, NOTE, Meaning

_ASK_JOURNAL: Final = "Ask the office for its journal anew, and for every copy of its store."
_ASK_APPROVER: Final = "Ask the approver and the office's auditor; look at the step that was sent."
_ASK_CHIEF: Final = "Ask the chief of the office who has sent this, and on whose word."
_ASK_REPORT: Final = "Ask the office to export the report anew, and compare."

OF_FILES: Final[dict[Code, Meaning]] = {
    Code.PROOF_FAILED: Meaning(
        BREACH,
        "The record is not proved to lie in the signed tree: the record, its position or its "
        "proof was made up or altered.",
        "Believe nothing of this record; ask for a bundle of the whole link.",
    ),
    Code.NOTHING_SIGNED: Meaning(
        DOUBT,
        "Nobody whose signature counts has signed the tree that the proofs are for, so they prove "
        "nothing.",
        "Ask for a bundle with a checkpoint, or with an office's head of that size.",
    ),
    Code.NOT_OF_SELECTION: Meaning(
        DOUBT,
        "A record that does not belong to what the bundle says it selects.",
        "Ask whoever made the bundle why it is there.",
    ),
    Code.DISCLOSURE_REFUSED: Meaning(
        DOUBT,
        "A disclosure that no office which may read the link has signed; it was not used.",
        "Ask the office that it names for its disclosure.",
    ),
    Code.DISCLOSED_OTHERWISE: Meaning(
        BREACH,
        "The disclosed keys do not open what lies in the log: what was disclosed is not what was "
        "sealed.",
        "Ask the office that signed the disclosure, and another office of the link for its own.",
    ),
    Code.DISCLOSURES_CONTRADICT: Meaning(
        BREACH,
        "Two offices disclosed different keys of one event: one of the two is not derived from "
        "the case's key.",
        "Have both offices show the case's key to somebody whom both trust.",
    ),
    Code.DISCLOSED_WITHOUT_RECORD: Meaning(
        NOTE,
        "An event is disclosed that is not in the bundle, or whose record does not count. It was "
        "not opened.",
        "Nothing, if the disclosure is of more than the bundle; a record that does not count has "
        "a finding of its own.",
    ),
    Code.DISCLOSED_BY_WRITER_ALONE: Meaning(
        NOTE,
        "Only the office that wrote the event discloses it. The keys open it, but nothing shows "
        "that the others were granted the key that these are derived from.",
        "Where that matters, ask another office of the link to disclose the same event.",
    ),
    Code.FILE_NOT_ENCLOSED: Meaning(
        DOUBT,
        "The bundle has a file that no event which it opens encloses: the event is not disclosed, or "
        "the file was changed.",
        "Do not use the file. Ask who made the bundle for the disclosure of the event, or the file "
        "as it was sent.",
    ),
    Code.DISCLOSED_WAS_CLOSED: Meaning(
        DOUBT,
        "In its last head an office says that it could not open this record, now disclosed.",
        "Ask that office whether it can open the record, and what it reads.",
    ),
    Code.JOURNAL_UNREADABLE: Meaning(
        BREACH, "A line of the journal's file is no entry.", _ASK_JOURNAL
    ),
    Code.JOURNAL_REORDERED: Meaning(
        BREACH, "An entry stands behind one with a higher number.", _ASK_JOURNAL
    ),
    Code.JOURNAL_DROPPED: Meaning(BREACH, "Entries are missing.", _ASK_JOURNAL),
    Code.JOURNAL_INSERTED: Meaning(BREACH, "Two entries have one number.", _ASK_JOURNAL),
    Code.JOURNAL_EDITED: Meaning(
        BREACH, "An entry was changed, or does not continue the hash chain.", _ASK_JOURNAL
    ),
    Code.JOURNAL_TRUNCATED: Meaning(
        BREACH, "A signed head covers more entries than the file has.", _ASK_JOURNAL
    ),
    Code.JOURNAL_MISSTATED: Meaning(
        BREACH, "The file's first line states another end than its entries have.", _ASK_JOURNAL
    ),
    Code.JOURNAL_OF_ANOTHER_OFFICE: Meaning(
        BREACH, "The heads are another office's than the journal.", _ASK_JOURNAL
    ),
    Code.JOURNAL_TIME_GOES_BACK: Meaning(
        DOUBT, "An entry is earlier than the one before it.", "Ask the office about its clock."
    ),
    Code.APPROVAL_UNREADABLE: Meaning(
        BREACH, "An entry about an approval or a sent draft cannot be read.", _ASK_JOURNAL
    ),
    Code.APPROVAL_UNPROVED: Meaning(
        BREACH,
        "The passkey's signature does not prove the approval: it is over something else, wrong, or "
        "given without asking who was there.",
        _ASK_APPROVER,
    ),
    Code.APPROVAL_BY_UNKNOWN_KEY: Meaning(
        BREACH,
        "The approval is signed with a passkey that the approver had not added before.",
        _ASK_APPROVER,
    ),
    Code.APPROVAL_BY_AUTHOR: Meaning(
        BREACH, "Somebody has approved what the same person had written in.", _ASK_APPROVER
    ),
    Code.APPROVAL_BY_CODE: Meaning(
        NOTE,
        "The approval was given by a one-time code, which proves nothing to others.",
        "Nothing to do; passkeys are the proof where there are any.",
    ),
    Code.APPROVAL_MISSING: Meaning(
        BREACH, "A step was sent that needed an approval, and no approval of it counts.", _ASK_CHIEF
    ),
    Code.APPROVED_OTHERWISE: Meaning(
        BREACH, "What was sealed is not what was approved.", _ASK_CHIEF
    ),
    Code.REPORT_NOT_CANONICAL: Meaning(
        BREACH, "The file is a report in another form than agents write.", _ASK_REPORT
    ),
    Code.REPORT_CONTRADICTS_ITSELF: Meaning(
        BREACH, "The report's numbers, lists or steps contradict each other.", _ASK_REPORT
    ),
    Code.REPORT_NOT_CERTIFIED: Meaning(
        BREACH, "The report names no certificate that its office had at that time.", _ASK_REPORT
    ),
    Code.REPORT_BAD_SIGNATURE: Meaning(
        BREACH, "The signature is not the office's over this report.", _ASK_REPORT
    ),
    Code.REPORT_HEAD_REFUSED: Meaning(
        BREACH,
        "A head in the report does not count: it is another one than stated, or its office has not "
        "signed it with a key that counted.",
        _ASK_REPORT,
    ),
    Code.REPORT_OF_ANOTHER_LOG: Meaning(
        BREACH, "The report was counted over another log than this, or than a head's.", _ASK_REPORT
    ),
    Code.REPORT_BY_ANOTHER_CALENDAR: Meaning(
        BREACH, "The working days are not those that the agreements name.", _ASK_REPORT
    ),
    Code.REPORTS_CONTRADICT: Meaning(
        BREACH, "One office froze different reports of one day.", "Ask the office which one holds."
    ),
}
