"""The one file of metric names.

Each metric is declared once, as an attribute of `Metrics`, with what it means and what an operator
does when it moves; `docs/metrics.md` is generated from here by ``python -m blo_runtime.metrics``.
Labels come from a closed list: no case, officer or event id is ever a label, since metrics are
read by people who may not see the matters.
"""

import sys
from typing import Final

from blo_runtime.metric_declaration import DeclaredMetrics, counter, gauge, histogram

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
        "version",  # of the program
    }
)
"""Every label that a metric may have."""


class Metrics(DeclaredMetrics):
    """All metrics there are: ``metrics.records.labels(link=link, verdict="accepted").inc()``."""

    # Writing

    commands_accepted = counter(
        "blo_commands_accepted_total",
        "Officers' commands accepted and on disk.",
        "link",
        unit="commands",
        action="Flat in office hours: see whether the desk can reach the agent.",
    )
    commands_refused = counter(
        "blo_commands_refused_total",
        "Officers' commands refused, by reason.",
        "link",
        "reason",
        unit="commands",
        action="Rising for one reason: the desk offers a step that is not open, or needs training.",
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
        "Own events accepted and not yet acknowledged by Kafka.",
        "link",
        unit="events",
        action="Rising: see blo_line_up; nothing is lost, it is sent when the line is back.",
    )
    outbox_oldest_seconds = gauge(
        "blo_outbox_oldest_seconds",
        "Age of the oldest event in the outbox; 0 when it is empty.",
        unit="seconds",
        action="Past the shortest deadline of an agreement: call the counterpart by telephone.",
    )
    line_up = gauge(
        "blo_line_up",
        "1 while the line to Kafka works, 0 while it does not.",
        unit="0 or 1",
        action="0 for minutes: check network, certificates and brokers, in this order.",
    )

    # Reading

    records = counter(
        "blo_records_total",
        "Records of the log read, by verdict.",
        "link",
        "verdict",
        unit="records",
        action="Any rejected: see blo_records_rejected_total for why.",
    )
    records_rejected = counter(
        "blo_records_rejected_total",
        "Records rejected, by reason.",
        "link",
        "reason",
        unit="records",
        action="not_legal_now is two offices crossing; any other reason goes to the auditor.",
    )
    events_crossed = counter(
        "blo_events_crossed_total",
        "Events accepted although their writer had not seen the latest version of the case.",
        "link",
        unit="events",
        action="Rising: the offices work on the same case at once, or a line is slow.",
    )
    records_parked = gauge(
        "blo_records_parked",
        "Events that wait for the grant of their key.",
        "link",
        unit="records",
        action="Not back to 0 within minutes: the writer has not granted; ask that office.",
    )
    records_unopenable = gauge(
        "blo_records_unopenable",
        "Events that this office is party to and cannot open for good.",
        "link",
        unit="records",
        action="Not 0: a key was lost or withheld; ask the counterpart for a new grant.",
    )
    cases_shredded = counter(
        "blo_cases_shredded_total",
        "Cases whose key and contents this node has deleted, as their offices agreed.",
        "link",
        unit="cases",
        action="More than the chiefs know of: read the journal, which names each of them.",
    )
    shreddings_unconfirmed = gauge(
        "blo_shreddings_unconfirmed",
        "Cases that are shredded here and of which the office has not signed that they are.",
        "link",
        unit="cases",
        action="Not 0 for a day: take the step confirm_shredding; an audit will miss it.",
    )
    link_size = gauge(
        "blo_link_size",
        "How many records of the link this node has read.",
        "link",
        unit="records",
        action="Below blo_link_high_watermark and flat: the reader is stuck; see its log.",
    )
    link_high_watermark = gauge(
        "blo_link_high_watermark",
        "How many records the link has at the broker.",
        "link",
        unit="records",
        action="Falling: the log was cut; stop, keep the disks and call the auditor.",
    )
    head_size = gauge(
        "blo_head_size",
        "How many records the last head of an office of the link covers.",
        "link",
        "office",
        unit="records",
        action="A counterpart's stays behind blo_link_size: it does not read; call it.",
    )
    head_age_seconds = gauge(
        "blo_head_age_seconds",
        "Time since an office of the link last signed a head.",
        "link",
        "office",
        unit="seconds",
        action="A counterpart's grows for hours: its agent is down or its line is; call it.",
    )
    forks = counter(
        "blo_forks_total",
        "Forks seen: two events of one office with one place in its chain.",
        "link",
        unit="forks",
        action="Any: two agents run with one identity, or it was stolen; revoke and ask.",
    )

    # Faults

    faults_contained = counter(
        "blo_faults_contained_total",
        "Unexpected errors of this program that were contained, by place.",
        "place",
        unit="faults",
        action="Any: report the incident that the log file names; the rest goes on meanwhile.",
    )
    link_halted = gauge(
        "blo_link_halted",
        "Whether nothing is sent on the link until a person resumes it: 1 if so.",
        "link",
        unit="0 or 1",
        action="1: GET /v1/links/{link} says why; clear it, then run `blo agent resume`.",
    )

    # Checkpoints

    checkpoint_size = gauge(
        "blo_checkpoint_size",
        "How many records the last checkpoint covers that was signed here.",
        "link",
        unit="records",
        action="At a witness, flat while blo_link_size rises: it does not sign; see its log.",
    )
    quorum_size = gauge(
        "blo_quorum_size",
        "How many records the last checkpoint covers that all offices have cosigned.",
        "link",
        unit="records",
        action="Stays behind blo_checkpoint_size: an office does not cosign; call it.",
    )
    quorum_seconds = histogram(
        "blo_quorum_seconds",
        "Time from a checkpoint to the last of its cosignatures.",
        buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 600),
        action="Slower than 2 seconds on a quiet system: an office or its line is slow.",
    )
    checkpoints_refused = counter(
        "blo_checkpoints_refused_total",
        "Checkpoints and cosignatures over another tree than the one that was read here.",
        "link",
        unit="checkpoints",
        action="Any: somebody was shown another log, or lies; keep both notes, call the auditor.",
    )
    witness_stopped = gauge(
        "blo_witness_stopped",
        "Whether the witness signs nothing more for the link: 1 if so.",
        "link",
        unit="links",
        action="1: the log was cut or made anew, or the key is used twice; see its log.",
    )

    # Keys and trust

    grants = counter(
        "blo_grants_total",
        "Keys granted to others and taken from others' grants.",
        "link",
        "purpose",
        "direction",
        unit="grants",
        action="Taken is flat while blo_records_parked rises: blo.keys cannot be read.",
    )
    readers_ungranted = gauge(
        "blo_readers_ungranted",
        "Readers that this program could not grant a key to since its start.",
        "link",
        unit="readers",
        action="Above 0: nothing can be sealed to what their country certified; the log names them.",
    )
    directory_documents = gauge(
        "blo_directory_documents",
        "Trust documents of the directory, by what this node makes of them.",
        "state",
        unit="documents",
        action="Any refused: `blo trust` says in words why.",
    )
    certificate_expiry_timestamp_seconds = gauge(
        "blo_certificate_expiry_timestamp_seconds",
        "When an office's certificate ends.",
        "office",
        unit="unix seconds",
        action="Less than 30 days ahead: renew it; renewals may overlap.",
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
        "Outputs that were missing or wrong on Kafka and were written anew from the log, by topic.",
        "link",
        "topic",
        unit="records",
        action="After a crash: none or a few. Without one: somebody changes or truncates the topic.",
    )
    outputs_refused = counter(
        "blo_outputs_refused_total",
        "Values on the processors' topics that no processor of the link has signed.",
        "link",
        unit="records",
        action="Any: somebody else may write there; check the topic's access rights.",
    )
    gaps_filled = counter(
        "blo_gaps_filled_total",
        "Records that the stream left out and that were read from the log itself.",
        "link",
        unit="records",
        action="A few at a rebalance are normal; many without one are not.",
    )
    dead_letters = counter(
        "blo_dead_letters_total",
        "Records that could not be processed and were put aside.",
        "link",
        unit="records",
        action="Any: see `blo processors dead list`; it is a defect of the program.",
    )
    fold_seconds = histogram(
        "blo_fold_seconds",
        "How long it took to fold a link from its first record on assignment.",
        buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
        action="Slower than a minute: the link has grown; see docs/performance.md.",
    )
    assigned_links = gauge(
        "blo_assigned_links",
        "Links that are assigned to this worker.",
        unit="links",
        action="0 at all workers of a corridor: nobody processes it.",
    )
    commit_age_seconds = gauge(
        "blo_commit_age_seconds",
        "Time since this worker last finished something, or found nothing to do.",
        unit="seconds",
        action="Past a minute: see `/readyz`; Kafka is away, or a link is stuck and is begun anew by itself.",
    )

    # What an office reads of them

    outputs_taken = counter(
        "blo_outputs_taken_total",
        "Case records and alerts of processors that were verified, opened and kept.",
        "link",
        "topic",
        unit="records",
        action="Flat while blo_link_size rises: no processor writes; call its operator.",
    )
    outputs_ignored = counter(
        "blo_outputs_ignored_total",
        "Values on the processors' topics that do not count, by reason.",
        "link",
        "topic",
        "reason",
        unit="records",
        action="Any: somebody else may write there, or a key was stolen; check the access rights.",
    )
    outputs_waiting = counter(
        "blo_outputs_waiting_total",
        "Times that a processor's value could not be opened for want of its key; it is read again.",
        "link",
        unit="records",
        action="Rising: the processor does not grant its summary keys; call its operator.",
    )
    processor_differences = gauge(
        "blo_processor_differences",
        "Cases of which a processor says something else than this office's log, by what: case,"
        " alert or silence.",
        "link",
        "office",
        "reason",
        unit="cases",
        action="Not 0: the API says what; call the operator of the processor, and an auditor.",
    )
    alerts_standing = gauge(
        "blo_alerts_standing",
        "Alerts that this office has to act on or is told of, not cleared, by rung or signal.",
        "link",
        "reason",
        unit="alerts",
        action="Not 0: somebody has to act; the office's API says who, by when.",
    )

    # The node itself

    store_commit_seconds = histogram(
        "blo_store_commit_seconds",
        "How long one transaction of the encrypted store took.",
        buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
        action="Slower than a second: the disk is failing or full.",
    )
    seal_seconds = histogram(
        "blo_seal_seconds",
        "How long it took to seal, sign and encode one event.",
        buckets=(0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25),
        action="Slower than before: the machine is short of processor time.",
    )
    log_fields_dropped = counter(
        "blo_log_fields_dropped_total",
        "Log fields dropped because they are not on the allow-list.",
        unit="fields",
        action="Any: a defect of the program; report the line of the log that says dropped_fields.",
    )
    build_info = gauge(
        "blo_build_info",
        "Always 1; its label says which version runs.",
        "version",
        unit="1",
        action="Several versions for long: finish the upgrade.",
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
        "Every program serves these at `/metrics` of its admin listener; a metric that a program",
        "does not feed stays without samples. Counters and histograms also carry their `_created`",
        "moment. No label ever holds the id of a case, an officer or an event.",
        "",
        "| metric | type | labels | unit | meaning | when it moves |",
        "|---|---|---|---|---|---|",
    ]
    for one in SPECS:
        labels = ", ".join(f"`{label}`" for label in one.labels) or "–"
        lines.append(
            f"| `{one.name}` | {one.kind} | {labels} | {one.unit} | {one.help} | {one.action} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
