"""The closed list of finding codes; ``meanings.py`` explains each."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """The weight of a finding, the gravest first."""

    BREACH = "breach"
    DOUBT = "doubt"
    NOTE = "note"


class Code(StrEnum):
    """The kind of a finding."""

    # The log as a whole.
    RECORDS_MISSING = "records_missing"
    # Records that no honest program writes.
    RECORD_UNREADABLE = "record_unreadable"
    BAD_SIGNATURE = "bad_signature"
    PAYLOAD_MISMATCH = "payload_mismatch"
    WRONG_LINK = "wrong_link"
    # An office's chain, and what it had seen.
    GAP = "gap"
    FORK = "fork"
    FOLLOWS_REFUSED = "follows_refused"
    SEEN_BEYOND_LOG = "seen_beyond_log"
    SEEN_HASH_MISMATCH = "seen_hash_mismatch"
    SEEN_GOES_BACK = "seen_goes_back"
    DUPLICATE = "duplicate"
    # Who wrote.
    UNKNOWN_KEY = "unknown_key"
    NOT_A_PARTY = "not_a_party"
    KEY_REVOKED = "key_revoked"
    KEY_OUTSIDE_VALIDITY = "key_outside_validity"
    NO_AGREEMENT = "no_agreement"
    # The step; needs summary keys.
    SUMMARY_UNREADABLE = "summary_unreadable"
    STEP_REFUSED = "step_refused"
    STEP_CROSSED = "step_crossed"
    CASE_FLOODED = "case_flooded"
    # Time.
    LOG_TIME_GOES_BACK = "log_time_goes_back"
    SIGNED_AFTER_LOG_TIME = "signed_after_log_time"
    BACK_DATED = "back_dated"
    LATE = "late"
    # Heads.
    HEAD_UNREADABLE = "head_unreadable"
    HEAD_OF_STRANGER = "head_of_stranger"
    HEAD_BAD_SIGNATURE = "head_bad_signature"
    HEAD_KEY_NOT_VALID = "head_key_not_valid"
    HEAD_OF_ANOTHER_LOG = "head_of_another_log"
    HEAD_BEYOND_LOG = "head_beyond_log"
    HEAD_ROOT_DIFFERS = "head_root_differs"
    HEADS_CONTRADICT = "heads_contradict"
    HEAD_GOES_BACK = "head_goes_back"
    HEAD_BACK_DATED = "head_back_dated"
    JOURNAL_REWRITTEN = "journal_rewritten"
    JOURNAL_GOES_BACK = "journal_goes_back"
    VIEWS_DIFFER = "views_differ"
    VIEWS_UNDER_OTHER_TRUST = "views_under_other_trust"
    # Checkpoints.
    CHECKPOINT_REFUSED = "checkpoint_refused"
    CHECKPOINT_DIFFERS = "checkpoint_differs"
    CHECKPOINT_BEYOND_LOG = "checkpoint_beyond_log"
    # What the auditor itself stated earlier.
    LOG_REWRITTEN = "log_rewritten"
    # What rests on whom.
    NO_HEAD = "no_head"
    END_UNCOVERED = "end_uncovered"
    KEYS_MISSING = "keys_missing"
    # Processors' outputs.
    OUTPUT_REFUSED = "output_refused"
    TRAIL_DIFFERS = "trail_differs"
    TRAIL_INCOMPLETE = "trail_incomplete"
    CASE_DIFFERS = "case_differs"
    OUTPUT_UNDER_OTHER_TRUST = "output_under_other_trust"
    # Shredding; needs summary keys.
    SHREDDING_UNCONFIRMED = "shredding_unconfirmed"
    GRANTS_WITHDRAWN = "grants_withdrawn"
    # Bundles.
    PROOF_FAILED = "proof_failed"
    NOTHING_SIGNED = "nothing_signed"
    NOT_OF_SELECTION = "not_of_selection"
    DISCLOSURE_REFUSED = "disclosure_refused"
    DISCLOSED_OTHERWISE = "disclosed_otherwise"
    DISCLOSURES_CONTRADICT = "disclosures_contradict"
    DISCLOSED_WITHOUT_RECORD = "disclosed_without_record"
    DISCLOSED_BY_WRITER_ALONE = "disclosed_by_writer_alone"
    DISCLOSED_WAS_CLOSED = "disclosed_was_closed"
    FILE_NOT_ENCLOSED = "file_not_enclosed"
    # Journals, besides JOURNAL_REWRITTEN and JOURNAL_GOES_BACK.
    JOURNAL_UNREADABLE = "journal_unreadable"
    JOURNAL_REORDERED = "journal_reordered"
    JOURNAL_DROPPED = "journal_dropped"
    JOURNAL_INSERTED = "journal_inserted"
    JOURNAL_EDITED = "journal_edited"
    JOURNAL_TRUNCATED = "journal_truncated"
    JOURNAL_MISSTATED = "journal_misstated"
    JOURNAL_OF_ANOTHER_OFFICE = "journal_of_another_office"
    JOURNAL_TIME_GOES_BACK = "journal_time_goes_back"
    APPROVAL_UNREADABLE = "approval_unreadable"
    APPROVAL_UNPROVED = "approval_unproved"
    APPROVAL_BY_UNKNOWN_KEY = "approval_by_unknown_key"
    APPROVAL_BY_AUTHOR = "approval_by_author"
    APPROVAL_BY_CODE = "approval_by_code"
    APPROVAL_MISSING = "approval_missing"
    APPROVED_OTHERWISE = "approved_otherwise"
    # Reports, besides PROOF_FAILED and RECORDS_MISSING.
    REPORT_NOT_CANONICAL = "report_not_canonical"
    REPORT_CONTRADICTS_ITSELF = "report_contradicts_itself"
    REPORT_NOT_CERTIFIED = "report_not_certified"
    REPORT_BAD_SIGNATURE = "report_bad_signature"
    REPORT_HEAD_REFUSED = "report_head_refused"
    REPORT_OF_ANOTHER_LOG = "report_of_another_log"
    REPORT_BY_ANOTHER_CALENDAR = "report_by_another_calendar"
    REPORTS_CONTRADICT = "reports_contradict"
    # Trust documents.
    DOCUMENT_WITHHELD = "document_withheld"
    DOCUMENT_REFUSED = "document_refused"
    NOT_AGREED = "not_agreed"
