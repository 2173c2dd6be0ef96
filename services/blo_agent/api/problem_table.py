"""The table of problems: each reason for which the API refuses something, with its page.

A problem's name is the word of the refusal's reason. ``docs/problems.md`` is generated from this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class ProblemKind(NamedTuple):
    """What is always the same of a problem.

    Attributes:
        status: The HTTP status.
        title: The problem in a few words.
        todo: How it comes about, and what to do.
    """

    status: int
    title: str
    todo: str


def _kinds(*rows: tuple[int, str, str, str]) -> Mapping[str, ProblemKind]:
    table = {name: ProblemKind(status, title, todo) for status, name, title, todo in rows}
    assert len(table) == len(rows), "two rows have one name"
    return table


# fmt: off
REQUESTS: Final = _kinds(
    (400, "not_json", "The body is no JSON object", "Send one JSON object in UTF-8 (RFC 8259), without names twice, without half surrogates, nested at most as deep as the schema."),
    (400, "wrong_field", "A field does not fit", "`pointer` names the field, `expected` says what fits, `example` shows it. The schema is at /schema."),
    (400, "unknown_field", "There is no such field", "`pointer` names the field. Leave it out, or correct its name: nothing is passed over in silence, because a field that is misspelt is a field that is missing."),
    (400, "missing_field", "A field is missing", "`pointer` names the field, which has no default; `expected` and `example` say what to send."),
    (400, "wrong_parameter", "A part of the address or of the head does not fit", "`parameter` names the part of the path, the query or the head; `expected` says what fits, `example` shows it."),
    (400, "unknown_parameter", "There is no such query parameter", "`parameter` names it, or a parameter that came twice. Leave it out, or correct its name: a filter that is misspelt would show more than was asked for."),
    (400, "bad_request", "The request makes no sense", "The detail says what does not fit together."),
    (404, "not_found", "There is nothing at this address", "Look into /schema for the addresses that there are."),
    (404, "unknown_link", "The office has no such link", "A link is named as its agreement names it; `GET /v1/links` lists those of the office. A link is unknown until its agreement has come over the log and is accepted."),
    (404, "unknown_case", "There is no such case", "A case is named by its id, 64 hexadecimal digits, on its own link. It is unknown here until its opening was read from the log."),
    (404, "unknown_event", "There is no such event", "An event is named by its id, 64 hexadecimal digits. It is unknown here until it was accepted here, or read from the log."),
    (404, "unknown_head", "There is no such receipt", "A signed head is named by the id that a case's history gives as a receipt, 64 hexadecimal digits, on its own link. It is gone if its key was revoked meanwhile."),
    (405, "method_not_allowed", "This address knows no such method", "The header `Allow` lists the methods that it knows."),
    (413, "body_too_large", "The body is too large", "The detail says how large it may be."),
    (415, "no_json_body", "The body is not declared as JSON", "Send the header `Content-Type: application/json`. Another type could be sent by any page that a person's browser has open."),
    (409, "key_used", "The idempotency key came with another request", "A key names one request for seven days. Take a new key for a new request; send a retry with exactly the same bytes."),
    (409, "answer_missing", "The request has begun, and has no answer yet", "It runs still, or the node stopped before it answered. Look whether it was carried out; to try again, take a new key."),
    (409, "shown_once", "The answer held a secret that is shown once", "The request was carried out. If the secret was lost, revoke what was made and ask for a new one with a new key."),
    (503, "unavailable", "The log or the store cannot serve now", "Nothing was done. The detail says what is wrong; try again when it is mended."),
    (500, "incident", "An unexpected error", "Nothing was changed. The log file of the node has the error under `incident`; report it."),
)
"""Of the API itself."""

PEOPLE: Final = _kinds(
    (401, "not_logged_in", "Nobody is logged in", "Log in, or send the token of a program of this office as `Authorization: Bearer TOKEN`. A session ends after 15 minutes without use, and after 12 hours."),
    (401, "log_in_failed", "The log-in has failed", "The name, the password, the code or the passkey is wrong; which one it was is not said. Ask the chief for a new one-time link if it is lost."),
    (403, "not_allowed", "You may not do this", "The table of `docs/people.md` says which role may do what; a case of another agency, and what lies beyond a token's scope, is refused as well. The refusal is in the journal."),
    (403, "may_more", "That person may do as much as you, or more", "Nobody changes the credentials or roles of somebody who may do more. Somebody with more rights does it."),
    (429, "too_many_attempts", "Too many attempts have failed", "Wait for as long as the detail says. Attempts are counted for each account and for the whole node."),
    (422, "code_refused", "The code or passkey is refused", "A one-time code counts once, for 30 seconds. A passkey must answer this node's own challenge, with the person verified."),
    (410, "link_expired", "The link or the ticket has expired", "One-time links and begun log-ins end after a time, and count once. Begin again, or ask for a new link."),
    (422, "password_refused", "This password is refused", "A password has 12 to 128 characters, and is not one of those that are tried first."),
    (404, "unknown_person", "There is no such person, program or session", "It may have ended. The list shows those that there are."),
    (409, "person_exists", "The id belongs to an account already", "An id is never given again, even after its account has ended. Choose another one."),
    (422, "appointment_refused", "The appointment, delegation or token is refused", "The detail says which rule it breaks: dates, roles that one person cannot have together, an agency that is missing, an id of another form."),
    (409, "needs_approval", "This needs approval first", "Somebody else, who may do it without approval, has to agree: make a draft and submit it."),
    (409, "last_chief", "This is the only chief", "An office always has a chief. Appoint the successor first."),
)
"""Of people, their credentials and rights."""

DRAFTS: Final = _kinds(
    (404, "unknown_draft", "There is no such draft", "A draft is named by its id, 32 hexadecimal digits; it may have been discarded."),
    (409, "not_possible_now", "The draft does not allow this now", "The detail says what is possible now; `docs/people.md` has the table."),
    (409, "conflict", "Somebody else has changed the draft", "`current` is the draft as it is, `by` says who changed it. Compare both, and save yours on top of the newer revision."),
    (409, "too_many", "There are too many of these", "The detail says how many there may be. End, send or discard some first."),
)
"""Of drafts."""

CHANGES: Final = _kinds(
    (410, "changes_gone", "The changes behind this number are not kept", "Read the lists that you follow anew, and go on with the number that `GET /v1/changes/newest` gave before you read them."),
    (429, "too_many_streams", "Too many streams of changes are open", "End one of them, or ask `GET /v1/changes` by number."),
)
"""Of changes."""

REPORTS: Final = _kinds(
    (404, "unknown_report", "There is no such report", "A report is named by its digest, 64 hexadecimal digits. Compute one, or look into the list."),
    (409, "not_the_log", "The report is not what the log says", "The report cannot be computed anew from the log at its cut; the detail says where they differ. Verify the link."),
    (409, "frozen", "The report is frozen", "Nothing changes a frozen report any more. Compare it with what the log says now."),
    (409, "not_frozen", "The report is not frozen", "Only a frozen report is reproduced."),
    (409, "period_not_ended", "The period was not over", "The report was computed before its last day had ended. Compute it again."),
    (409, "period_is_frozen", "A frozen report covers these days", "A day is in one frozen report only. Compare that one with what the log says now."),
    (409, "out_of_order", "This step comes later, or came before", "A report is computed, reviewed, signed, frozen, in this order."),
    (409, "own_work", "Somebody else has to do this", "Who has computed a report does not review it."),
    (409, "four_eyes", "Two different people have to do this", "Reviewing, signing and freezing need different people; the detail says who is missing."),
    (409, "too_many_steps", "The report has too many steps", "Freeze it, or compute it again."),
)
"""Of reports."""

DISCLOSURES: Final = _kinds(
    (409, "another_log", "The log shows another record than was read", "The broker shows something else than what the office has read. Verify the link at once."),
    (409, "not_read_yet", "The log was not read to its end yet", "After a restore the office shows nothing before it knows what was shredded. Try again later."),
    (409, "nothing_to_disclose", "None of the events that are meant is open here", "Contents that were not granted, or were shredded, cannot be disclosed. Check the case, the ids or the dates."),
    (409, "unopenable", "An event does not open", "The event's bytes do not open with the keys that are here. Leave it out."),
    (409, "onward_not_permitted", "The provider does not permit this to be passed on", "Another office has marked the document H2. Ask that office for a document in the case whose onward caveat names the recipient, or leave the event out."),
    (409, "not_halted", "The link is not halted", "There is nothing to lift."),
)
"""Of disclosures and of halts."""

STATES: Final = _kinds(
    (409, "not_a_party", "The office is no party of this link", "Only a link's parties write on it; a superior reads."),
    (409, "halted", "The link is halted", "Nothing is sent on a halted link until a person lifts the halt: `blo agent resume`. The detail says why it was halted."),
    (409, "rereading", "The log of the link is being read again", "Try again when that is done; `GET /v1/links/{link}` says how far it is."),
    (409, "case_is_named", "A new case gets its id from the node", "Leave `case` out to open a case."),
    (409, "no_agreement", "No agreement is in force on this link", "The detail says which agreements were refused, and why."),
    (409, "no_identity", "The office has no certificate that counts now", "Renew the office's certificate."),
    (409, "key_missing", "A key is not here", "The key of the case has not come yet, or is gone. Ask the office that opened the case whether its line is up."),
    (409, "shredded", "The contents of the case were shredded", "Nothing can be written in a case whose key was deleted. Open a new case."),
    (409, "not_shredded_yet", "Something of the case is still on the disk", "An office confirms a shredding only when nothing is left; the detail says what is. Try again shortly."),
    (409, "case_exists", "The case is open already", "Open a new one."),
    (409, "kind_mismatch", "The case is of another kind", "Use the steps of the case's kind, or leave `kind` out."),
    (409, "version_ahead", "The case has fewer steps than the request has seen", "Read the case again."),
    (409, "not_legal_now", "The case does not allow this step now", "The detail lists the steps that are possible; `docs/lifecycles.md` has the tables."),
    (409, "not_your_step", "It is not your office's step", "Wait for the office whose step it is, or urge it."),
    (409, "nothing_to_supersede", "There is nothing to correct", "There is no such step of your office, or it is corrected already. Correct the latest correction."),
    (409, "case_full", "The case has no room for this step", "Only what leads to the end of the case is left. Open a new case for the rest."),
    (409, "already_done", "Your office has done this already", "If it was wrong, correct it with `supersede`."),
)
"""Of links and cases: the request may be right later, or elsewhere."""

CONTENTS: Final = _kinds(
    (422, "malformed", "Nobody could read what would be sealed", "A value lies outside of what the wire can carry. The detail names it."),
    (422, "too_large", "It is too large", "The detail says how large it may be."),
    (422, "wrong_body", "The fields are not those of this step", "`docs/scenarios.md` and `schemas/json/bodies` list the fields of each step."),
    (422, "quantity", "The quantities contradict each other", "The detail says which amounts do not fit together."),
    (422, "reason_missing", "A reason is missing", "Say why, in `reason`."),
    (422, "dispatch_missing", "The common fields are missing", "Send `dispatch`, with at least its subject."),
    (422, "pause_ground_missing", "The ground of the pause is missing", "Say in `ground` why a clock is to stand still."),
    (422, "urgency_ground_missing", "The ground of the urgency is missing", "Above routine, state in `dispatch` why it is urgent."),
    (422, "urgency_not_yours", "Only the office that opened the case sets its urgency", "Leave `urgency` out, or urge."),
    (422, "due_not_yours", "Only the requester states a due date", "Leave `due` out; it belongs to opening, supplying information and reopening."),
    (422, "refusal_ground_unknown", "The agreement knows no such ground", "The detail lists the grounds of refusal that the agreement names."),
    (422, "handling_note_missing", "The handling note is missing", "A handling code needs its note in `dispatch`."),
    (422, "classified_marking", "Classified contents do not go over this channel", "Send them over the channel that the law names for them."),
    (422, "date_ahead", "The business date lies ahead", "`on` is the day on which it happened, in the office's time zone."),
    (422, "file_name", "The name of a file is refused", "The detail says which characters are refused, or that two files have one name."),
    (422, "too_many_files", "Too many files for one step", "The detail says how many one step may have. Send the others with a further step."),
    (422, "no_content", "This step has no contents", "Leave the fields out: the step says only that contents are gone."),
)
"""Of what a command says: the same request is always refused."""

FILES: Final = _kinds(
    (404, "unknown_file", "There is no such file", "A file is named by its id on this node, 32 hexadecimal digits; the list of a case's files has those that its events enclose. It may have been deleted, or shredded."),
    (413, "file_too_long", "The file is too large, or more bytes came than were said", "A file has 1 to 52,428,800 bytes. Begin the upload with the size that the file has."),
    (507, "no_room_for_files", "The node has no room for this file", "Let go of files that the log has, or have the operator raise `[files] budget_bytes`. A file that was let go can be fetched again."),
    (409, "too_many_uploads", "Too many files wait for a step", "Send the steps that enclose them, or delete the files that nobody needs."),
    (409, "other_offset", "The upload stands elsewhere", "`HEAD` on the file says in `Upload-Offset` how many bytes are here. Go on from there."),
    (422, "other_hash", "The bytes are not those that were said", "The file that came has another SHA-256 than the upload was begun with. The upload begins anew at offset 0."),
    (409, "file_not_here", "The file is not here whole", "Want it (`POST /v1/files/{file}/fetch`), and ask again when its state is `whole`. A file that is `faulty` says in `finding` what is wrong with it."),
    (409, "file_not_possible_now", "The file does not allow this now", "The detail says where the file stands."),
    (409, "file_not_ready", "The file was not uploaded whole", "Upload it, for this link and case, before the step that encloses it."),
    (409, "file_of_another_case", "The file was uploaded for another case", "A file belongs to the link and the case that its upload has named. Upload it for this one."),
    (409, "file_differs", "The file is not what the step says of it", "Name the file by its id alone, in `files`; the node fills in the rest."),
)
"""Of files."""

CUSTODY: Final = _kinds(
    (409, "backup_refused", "No backup was made", "The detail says why: no folder is configured, its disk is not there or full, or what was written there is not what was read back. Older backups stay as they are."),
    (409, "no_certificate", "The office has no valid certificate", "Leave `same_keys` out: new keys are made, for which the country's root makes a certificate."),
    (422, "certificate_unfit", "The certificate does not fit", "The detail says why: it must name keys of this store, count by the trust rules, and begin before the one in use ends."),
    (409, "not_a_reader", "The agreement in force does not give it keys", "Only those whom the link's agreement names now, and who have a valid certificate, are granted its keys again."),
    (409, "only_reads", "The office only reads this link", "A superior appends nothing on a link; ask one of its offices."),
)
"""Of the node's keys and disks."""
# fmt: on

GROUPS: Final[Mapping[str, Mapping[str, ProblemKind]]] = {
    "Requests": REQUESTS,
    "People": PEOPLE,
    "Drafts": DRAFTS,
    "Changes": CHANGES,
    "Links and cases": STATES,
    "What a command says": CONTENTS,
    "Reports": REPORTS,
    "Disclosures and halts": DISCLOSURES,
    "Files": FILES,
    "Keys and disks": CUSTODY,
}
PROBLEMS: Final[Mapping[str, ProblemKind]] = {
    name: kind for group in GROUPS.values() for name, kind in group.items()
}
"""All problems by name."""

assert len(PROBLEMS) == sum(map(len, GROUPS.values())), "two groups have one name"
