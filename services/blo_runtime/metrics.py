"""Every metric of every program.

Each metric is declared once, as an attribute of `Metrics`, with its meaning and with what an
operator does when it moves. ``python -m blo_runtime.metrics`` generates `docs/metrics.md` from it.
Labels come from a closed list. An id of a case, an officer or an event is never a label, because
the readers of metrics may not see the cases.
"""

import sys
from typing import Final

from blo_runtime.metric_declaration import DeclaredMetrics, counter, gauge, histogram
from blo_runtime.metric_programs import FED_BY, FeedingProgram

LABELS: Final = frozenset(
    {
        "corridor",  # two countries, as la-vn
        "direction",  # given | taken
        "link",  # a border pair
        "office",  # an office's opaque id
        "place",  # where a fault was contained, of a closed list
        "purpose",  # what a granted key opens: content | summary
        "reason",  # of a closed list of reasons
        "state",  # of a closed list of states
        "topic",  # a Kafka topic
        "verdict",  # accepted | duplicate | rejected
    }
)
"""Every label that a metric may have."""


class Metrics(DeclaredMetrics):
    """All metrics: ``metrics.records.labels(link=link, verdict="accepted").inc()``.

    Args:
        program: Only those that this program feeds; ``None``: all.
    """

    def __init__(self, program: FeedingProgram | None = None) -> None:
        super().__init__(None if program is None else FED_BY[program])

    # Writing

    commands_accepted = counter(
        "blo_commands_accepted_total",
        "Officers' commands that the agent has accepted and written to its store.",
        "link",
        unit="commands",
        action="Flat in office hours: check whether the desk can reach the agent.",
    )
    commands_refused = counter(
        "blo_commands_refused_total",
        "Officers' commands that the agent has refused, by reason.",
        "link",
        "reason",
        unit="commands",
        action="Rising for one reason: the desk offers a step that is not permitted, or officers need training.",
    )
    events_appended = counter(
        "blo_events_appended_total",
        "Own events that Kafka acknowledged.",
        "link",
        unit="events",
        action="Flat while blo_outbox_pending rises: the line or the broker is down.",
    )
    outbox_pending = gauge(
        "blo_outbox_pending",
        "Own events that the agent has accepted and Kafka has not yet acknowledged.",
        "link",
        unit="events",
        action="Rising: see blo_line_up. Nothing is lost: the agent sends the events when the line is back.",
    )
    outbox_oldest_seconds = gauge(
        "blo_outbox_oldest_seconds",
        "Age of the oldest event in the outbox; 0 when it is empty.",
        unit="seconds",
        action="Past the shortest deadline of an agreement: call the counterpart by telephone.",
    )
    line_up = gauge(
        "blo_line_up",
        "1 while the connection to Kafka works, 0 while it does not.",
        unit="0 or 1",
        action="0 for minutes: check the network, the certificates and the brokers, in this order.",
    )

    # Files

    file_bytes = counter(
        "blo_file_bytes_total",
        "Bytes of files that were sent to Kafka (given) or fetched from it (taken).",
        "link",
        "direction",
        unit="bytes",
        action="Flat while blo_files_waiting is not 0: the line is down, or the topic blo.files cannot be used.",
    )
    files_waiting = gauge(
        "blo_files_waiting",
        "Files that are still to be sent (given), or that somebody wants and that have not come whole (taken).",
        "link",
        "direction",
        unit="files",
        action="Above 0 for hours: see the files of the link for how far each is, and blo_file_bytes_total.",
    )
    file_findings = counter(
        "blo_file_findings_total",
        "Files that could not be had: chunks are missing or wrong, or the whole has another hash.",
        "link",
        "reason",
        unit="files",
        action="Any: ask the office that sent the file to send it again; tell the auditor of wrong ones.",
    )
    files_stored_bytes = gauge(
        "blo_files_stored_bytes",
        "Bytes of all files that this node keeps.",
        unit="bytes",
        action="Near the budget of the configuration: let go of files that the log has, or raise the budget.",
    )
    clock_ahead_seconds = gauge(
        "blo_clock_ahead_seconds",
        "By how much this machine's clock is ahead of Kafka's at least, by own records; below 0: behind.",
        unit="seconds",
        action="Beyond 30: set the clock. Beyond 1,800 the agent sends nothing, because Kafka would refuse grants.",
    )

    # Reading

    records = counter(
        "blo_records_total",
        "Records that were read from the log, by verdict.",
        "link",
        "verdict",
        unit="records",
        action="Any rejected: blo_records_rejected_total gives the reasons.",
    )
    records_rejected = counter(
        "blo_records_rejected_total",
        "Records that were rejected, by reason.",
        "link",
        "reason",
        unit="records",
        action="not_legal_now: two offices acted at once. Any other reason: tell the auditor.",
    )
    events_crossed = counter(
        "blo_events_crossed_total",
        "Accepted events whose writer had not seen the latest version of the case.",
        "link",
        unit="events",
        action="Rising: the offices work on the same case at once, or a connection is slow.",
    )
    records_parked = gauge(
        "blo_records_parked",
        "Events that cannot be opened before their key is granted.",
        "link",
        unit="records",
        action="Above 0 for minutes: the writer has not granted the key; ask that office.",
    )
    records_unopenable = gauge(
        "blo_records_unopenable",
        "Events of this office's links that it can never open.",
        "link",
        unit="records",
        action="Above 0: a key was lost or withheld; ask the counterpart for a new grant.",
    )
    cases_shredded = counter(
        "blo_cases_shredded_total",
        "Cases whose key and contents this node has deleted after their offices agreed.",
        "link",
        unit="cases",
        action="More than the chiefs ordered: read the journal, which names each case.",
    )
    shreddings_unconfirmed = gauge(
        "blo_shreddings_unconfirmed",
        "Cases that are shredded here and whose shredding the office has not confirmed.",
        "link",
        unit="cases",
        action="Above 0 for a day: submit the step confirm_shredding, which an audit looks for.",
    )
    link_size = gauge(
        "blo_link_size",
        "Number of records of the link that this program has read.",
        "link",
        unit="records",
        action="Below blo_link_high_watermark and flat: the reader is stuck; see its log.",
    )
    link_high_watermark = gauge(
        "blo_link_high_watermark",
        "Number of records of the link at the broker.",
        "link",
        unit="records",
        action="Falling: the log was truncated; stop, keep the disks and call the auditor.",
    )
    head_size = gauge(
        "blo_head_size",
        "Number of records that the newest head of an office covers.",
        "link",
        "office",
        unit="records",
        action="A counterpart's stays below blo_link_size: its agent does not read; call that office.",
    )
    head_age_seconds = gauge(
        "blo_head_age_seconds",
        "Time since an office of the link last signed a head of it, or a heartbeat.",
        "link",
        "office",
        unit="seconds",
        action="A counterpart's grows for hours: its agent or its connection is down; call that office.",
    )
    forks = counter(
        "blo_forks_total",
        "Forks: two events of one office with the same sequence number in its chain.",
        "link",
        unit="forks",
        action="Any: two agents use one key, or it was stolen; revoke it and ask that office.",
    )

    # Webhooks

    webhook_requests = counter(
        "blo_webhook_requests_total",
        "Requests with changes to programs of the office, by whether they were taken.",
        "state",
        unit="requests",
        action="`failed` grows: `blo agent system list` says which program and why.",
    )
    webhooks_paused = gauge(
        "blo_webhooks_paused",
        "Webhooks to which nothing is sent, because for a day no request was taken.",
        unit="webhooks",
        action="Above 0: mend the program, then `blo agent system webhook PROGRAM --resume`.",
    )

    # Faults

    faults_contained = counter(
        "blo_faults_contained_total",
        "Unexpected errors that this program has contained, by place.",
        "place",
        unit="faults",
        action="Any: report the incident that the log file names. Everything else goes on.",
    )
    link_halted = gauge(
        "blo_link_halted",
        "1 if the agent sends nothing on the link until a person resumes it, else 0.",
        "link",
        unit="0 or 1",
        action="1: GET /v1/links/{link} gives the reason; remove it, then run `blo agent resume`.",
    )

    # Checkpoints

    checkpoint_size = gauge(
        "blo_checkpoint_size",
        "Number of records that the newest checkpoint covers that this program has signed.",
        "link",
        unit="records",
        action="Flat at a witness while blo_link_size rises: the witness does not sign; see its log.",
    )
    quorum_size = gauge(
        "blo_quorum_size",
        "Number of records that the newest checkpoint covers that all offices have cosigned.",
        "link",
        unit="records",
        action="Stays below blo_checkpoint_size: an office does not cosign; call that office.",
    )
    quorum_seconds = histogram(
        "blo_quorum_seconds",
        "Time from a checkpoint to its last cosignature.",
        buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 600),
        action="Above 2 seconds on a quiet system: an office or its connection is slow.",
    )
    checkpoints_refused = counter(
        "blo_checkpoints_refused_total",
        "Checkpoints and cosignatures of a tree that differs from the log as read here.",
        "link",
        unit="checkpoints",
        action="Any: the broker showed two logs, or a signer lies; keep both notes, call the auditor.",
    )
    witness_stopped = gauge(
        "blo_witness_stopped",
        "1 if the witness no longer signs for the link, else 0.",
        "link",
        unit="0 or 1",
        action="1: the log was truncated or recreated, or two witnesses use the key; see its log.",
    )

    # Keys and trust

    grants = counter(
        "blo_grants_total",
        "Keys that were granted to others (given) or received from them (taken).",
        "link",
        "purpose",
        "direction",
        unit="grants",
        action="Taken flat while blo_records_parked rises: the topic blo.keys cannot be read.",
    )
    readers_ungranted = gauge(
        "blo_readers_ungranted",
        "Readers to whom this program could not grant a key since its start.",
        "link",
        unit="readers",
        action="Above 0: their certified keys are unusable; the log names the readers. Ask for new ones.",
    )
    directory_documents = gauge(
        "blo_directory_documents",
        "Trust documents of the directory, by this node's verdict on them.",
        "state",
        unit="documents",
        action="Any refused: `blo trust` explains why.",
    )
    certificate_expiry_timestamp_seconds = gauge(
        "blo_certificate_expiry_timestamp_seconds",
        "Instant at which an office's certificate ends.",
        "office",
        unit="unix seconds",
        action="Less than 30 days ahead: renew the certificate; renewals may overlap.",
    )
    backup_age_seconds = gauge(
        "blo_backup_age_seconds",
        "Age of the newest verified backup of the store; since the office was set up, if there is none.",
        unit="seconds",
        action="More than twice the configured interval: see the log for why; make one by hand.",
    )
    backups_failed = counter(
        "blo_backups_failed_total",
        "Backups that were due and could not be written or did not pass their verification.",
        unit="backups",
        action="Rising: the log says why; check the backups' disk before the store's fails.",
    )

    # The stream processors

    outputs_written = counter(
        "blo_outputs_written_total",
        "Views, alerts, trail entries, grants and dead letters that Kafka acknowledged, by topic.",
        "link",
        "topic",
        unit="records",
        action="Flat while blo_link_high_watermark rises: the processor is stuck; see its log.",
    )
    outputs_healed = counter(
        "blo_outputs_healed_total",
        "Outputs that were missing or wrong on Kafka and were rewritten from the log, by topic.",
        "link",
        "topic",
        unit="records",
        action="A few after a crash are normal. Without a crash: somebody changes or truncates the topic.",
    )
    outputs_refused = counter(
        "blo_outputs_refused_total",
        "Values on the processors' topics without the signature of a processor of the link.",
        "link",
        unit="records",
        action="Any: another program may write there; check the topic's access rights.",
    )
    folds_from_zero = counter(
        "blo_folds_from_zero_total",
        "Times a processor folded a link from its first record and not from its stored state, by reason.",
        "link",
        "reason",
        unit="folds",
        action="missing or rules: normal at a first start and after an upgrade. in_use: two workers share a folder. unwritable: make room there. damaged, checkpoint, log or outputs: somebody changes the folder or the topics; see the log.",
    )
    state_size = gauge(
        "blo_state_size",
        "Number of records in the stored state of a link, from which the next start goes on.",
        "link",
        unit="records",
        action="Far below blo_link_size for minutes: outputs are not read back; see the log.",
    )
    gaps_filled = counter(
        "blo_gaps_filled_total",
        "Records that the stream omitted and the worker read from the log directly.",
        "link",
        unit="records",
        action="A few at a rebalance are normal. Many without one: report it as a defect.",
    )
    dead_letters = counter(
        "blo_dead_letters_total",
        "Records that could not be processed and went to the dead letters.",
        "link",
        unit="records",
        action="Any: run `blo processors dead list` and report it: this is a defect of the program.",
    )
    fold_seconds = histogram(
        "blo_fold_seconds",
        "Time to fold a link from its first record when it is assigned.",
        buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
        action="Above a minute: the link has grown; see docs/performance.md.",
    )
    assigned_links = gauge(
        "blo_assigned_links",
        "Links that are assigned to this worker.",
        unit="links",
        action="0 at all workers of a corridor: no worker processes it; start one.",
    )
    commit_age_seconds = gauge(
        "blo_commit_age_seconds",
        "Time since this worker last committed, or had nothing to commit.",
        unit="seconds",
        action="Above a minute: see `/readyz`. Kafka is away, or the worker restarts a link that is stuck.",
    )

    # What an office reads of the processors

    outputs_taken = counter(
        "blo_outputs_taken_total",
        "Case records and alerts of processors that the agent has verified, opened and stored.",
        "link",
        "topic",
        unit="records",
        action="Flat while blo_link_size rises: no processor writes; call the operator of the processor.",
    )
    outputs_ignored = counter(
        "blo_outputs_ignored_total",
        "Values on the processors' topics that the agent has ignored, by reason.",
        "link",
        "topic",
        "reason",
        unit="records",
        action="Any: another program may write there, or a key was stolen; check the access rights.",
    )
    outputs_waiting = counter(
        "blo_outputs_waiting_total",
        "Reads of a processor's value whose key is not granted yet; the agent reads it again.",
        "link",
        unit="records",
        action="Rising: the processor does not grant its summary keys; call the operator of the processor.",
    )
    processor_differences = gauge(
        "blo_processor_differences",
        "Cases where a processor differs from this office's log, by kind: case, alert or silence.",
        "link",
        "office",
        "reason",
        unit="cases",
        action="Above 0: the API lists them; call the operator of the processor and an auditor.",
    )
    alerts_standing = gauge(
        "blo_alerts_standing",
        "Alerts for this office that are not cleared, by level of the ladder or signal.",
        "link",
        "reason",
        unit="alerts",
        action="Above 0: the office's API says who must act, and by when.",
    )

    # The program itself

    log_fields_dropped = counter(
        "blo_log_fields_dropped_total",
        "Log fields that were dropped because they are not on the allow-list.",
        unit="fields",
        action="Any: a defect of the program; report the line of the log with dropped_fields.",
    )


SPECS: Final = Metrics.specs()
"""Every metric, in the order of declaration."""


def render() -> str:
    """Return the table of all metrics as Markdown, the text of ``docs/metrics.md``."""
    lines = [
        "# Metrics",
        "",
        "Generated by `python -m blo_runtime.metrics > docs/metrics.md`; do not edit.",
        "",
        "A program serves those that it feeds at `/metrics` of its admin listener, and no others. The",
        "counters of a link exist at 0 from the moment at which it is known. Counters and histograms",
        "also have a `_created` sample. No label",
        "holds the id of a case, an officer or an event.",
        "",
        "| metric | of | type | labels | unit | meaning | when it moves |",
        "|---|---|---|---|---|---|---|",
    ]
    for attribute, spec in Metrics.by_name().items():
        programs = ", ".join(program for program, fed in FED_BY.items() if attribute in fed)
        labels = ", ".join(f"`{label}`" for label in spec.labels) or "–"
        lines.append(
            f"| `{spec.name}` | {programs} | {spec.kind} | {labels} | {spec.unit} | {spec.help} | {spec.action} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
