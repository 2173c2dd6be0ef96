"""The alerts of an operator: by symptom and age, each with what it means and what to do.

The traffic of offices is too low for rates of errors; so a rule looks at how old something is, or at
something that must never happen. Prometheus calls a target's own name ``node`` here, because
``office`` is a label of the metrics.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

JOB: Final = "blo"
Severity = Literal["critical", "warning"]


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, and its page of the runbook.

    Attributes:
        name: Its name.
        expression: What Prometheus looks at.
        minutes: For so long it must be true.
        severity: ``critical``: a person is woken. ``warning``: it waits for the morning.
        summary: A line, with the labels of what it is about.
        meaning: What is so.
        impact: What the offices notice, and what stays safe.
        diagnosis: Commands that tell more, each run on the node.
        action: What to do.
        node: The node that it is about, where the expression does not say; else empty.
    """

    name: str
    expression: str
    minutes: int
    severity: Severity
    summary: str
    meaning: str
    impact: str
    diagnosis: tuple[str, ...]
    action: str
    node: str = ""


_LOG: Final = "journalctl --unit blo-agent --since -1h"
_READY: Final = "curl --silent http://127.0.0.1:9464/readyz"
_TRUST: Final = "blo trust fetch trust --config agent.toml"

RULES: Final[tuple[AlertRule, ...]] = (
    AlertRule(
        name="BloOldestUnsent",
        expression="blo_outbox_oldest_seconds > 900",
        minutes=1,
        severity="critical",
        summary="{{ $labels.node }}: the oldest unsent event waits since {{ $value | humanizeDuration }}",
        meaning="An event that an officer has sent is on the node's disk, and not in the log yet.",
        impact="The counterpart does not know of it. Nothing is lost: it is sent when the line is back.",
        diagnosis=(_READY, _LOG),
        action="Check the network, the certificate and the brokers, in this order. Tell the duty "
        "officer to telephone whatever is urgent.",
    ),
    AlertRule(
        name="BloLineDown",
        expression="blo_line_up == 0",
        minutes=5,
        severity="critical",
        summary="{{ $labels.node }}: Kafka does not answer",
        meaning="The program has no connection to Kafka.",
        impact="Officers go on working; what they send waits, and nothing new comes.",
        diagnosis=(_READY, _LOG),
        action="Check the network, then the certificate's end, then the brokers. The program goes on "
        "by itself when Kafka answers: do not restart it.",
    ),
    AlertRule(
        name="BloCounterpartSilent",
        expression="blo_head_age_seconds > 14400",
        minutes=5,
        severity="warning",
        summary="{{ $labels.node }}: nothing was heard of {{ $labels.office }} on {{ $labels.link }} "
        "for {{ $value | humanizeDuration }}",
        meaning="The other office's node has signed neither a head nor a heartbeat for four hours.",
        impact="It probably reads nothing. What is sent to it lies safely in the log.",
        diagnosis=(_READY,),
        action="Call that office's operator. If it is the own line, BloLineDown says so too.",
    ),
    AlertRule(
        name="BloNotOpened",
        expression="blo_records_parked > 0",
        minutes=30,
        severity="warning",
        summary="{{ $labels.node }}: {{ $value }} events on {{ $labels.link }} wait for their key",
        meaning="Events came whose key was not granted to this office.",
        impact="Officers see that something came, and not what.",
        diagnosis=(_READY, _TRUST),
        action="Ask the office that wrote them to grant the keys again (blo agent regrant). If this "
        "office's certificate is new there, its operator must have read it first.",
    ),
    AlertRule(
        name="BloNeverOpened",
        expression="blo_records_unopenable > 0",
        minutes=30,
        severity="warning",
        summary="{{ $labels.node }}: {{ $value }} events on {{ $labels.link }} can never be opened",
        meaning="Their keys were lost, or withheld.",
        impact="Their contents are not readable here. That they were sent is proved all the same.",
        diagnosis=(_READY,),
        action="Ask the counterpart to grant them again; see docs/keys.md for a lost key.",
    ),
    AlertRule(
        name="BloDeadlineMissed",
        expression='blo_alerts_standing{reason!="warning"} > 0',
        minutes=10,
        severity="warning",
        summary="{{ $labels.node }}: {{ $value }} cases on {{ $labels.link }} are late ({{ $labels.reason }})",
        meaning="A deadline that concerns this office has passed.",
        impact="The counterpart waits, or this office does.",
        diagnosis=("blo agent verify --config agent.toml",),
        action="Tell the duty officer: the board shows which cases, and who owes what.",
    ),
    AlertRule(
        name="BloReaderStuck",
        expression="blo_link_high_watermark - blo_link_size > 0",
        minutes=10,
        severity="critical",
        summary="{{ $labels.node }}: {{ $value }} records of {{ $labels.link }} are not read",
        meaning="The log has records that the program does not read.",
        impact="What came in does not reach the officers.",
        diagnosis=(_READY, _LOG),
        action="Restart the program once; it goes on where it was. If that does not help, report it "
        "with the log.",
    ),
    AlertRule(
        name="BloProcessorDiffers",
        expression="blo_processor_differences > 0",
        minutes=5,
        severity="warning",
        summary="{{ $labels.node }}: a processor says otherwise in {{ $value }} cases of "
        "{{ $labels.link }} ({{ $labels.reason }})",
        meaning="A processor's views or alerts are not what this office's log gives.",
        impact="The node shows its own view, and the difference beside it.",
        diagnosis=("blo agent verify --config agent.toml",),
        action="If the own node is equal to its log, call the processor's operator and an auditor.",
    ),
    AlertRule(
        name="BloLinkHalted",
        expression="blo_link_halted == 1",
        minutes=0,
        severity="critical",
        summary="{{ $labels.node }}: {{ $labels.link }} is halted",
        meaning="Two signed statements contradict each other: two logs were shown, or a key is used twice.",
        impact="Nothing is sent on this link until a person resumes it.",
        diagnosis=(_READY, "blo agent verify --config agent.toml"),
        action="Call the counterpart by telephone; keep both stores; have an auditor compare the "
        "logs; then run blo agent resume.",
    ),
    AlertRule(
        name="BloTreeRefused",
        expression="increase(blo_checkpoints_refused_total[1h]) > 0",
        minutes=0,
        severity="critical",
        summary="{{ $labels.node }}: a signed tree of {{ $labels.link }} is not that of its log",
        meaning="A witness or an office signed another log than this node has read.",
        impact="Nothing of it is cosigned. Somebody was shown another log, or lies.",
        diagnosis=(_READY, "blo agent verify --config agent.toml"),
        action="Keep the notes (the link's page shows them) and call the auditor.",
    ),
    AlertRule(
        name="BloWitnessStopped",
        expression="blo_witness_stopped == 1",
        minutes=0,
        severity="critical",
        summary="{{ $labels.node }}: the witness no longer signs for {{ $labels.link }}",
        meaning="The log was cut or made anew, or two witnesses use one key.",
        impact="No new checkpoint; receipts on papers wait.",
        diagnosis=("journalctl --unit blo-witness --since -1h",),
        action="Find out which. Do not delete the witness's state: it is what shows the difference.",
    ),
    AlertRule(
        name="BloFork",
        expression="increase(blo_forks_total[1h]) > 0",
        minutes=0,
        severity="critical",
        summary="{{ $labels.node }}: two events of one office with one number on {{ $labels.link }}",
        meaning="Two nodes write with one office's key, or a restored node forgot what it had sent.",
        impact="One of the two events counts; the other is shown as rejected.",
        diagnosis=("blo agent verify --config agent.toml",),
        action="Call that office. If its key may be stolen, its country revokes the certificate.",
    ),
    AlertRule(
        name="BloBackupOld",
        expression="blo_backup_age_seconds > 90000",
        minutes=5,
        severity="warning",
        summary="{{ $labels.node }}: the newest verified backup is {{ $value | humanizeDuration }} old",
        meaning="No backup was made and verified for more than a day.",
        impact="If the disk fails, drafts and notes since then are lost; the log is not.",
        diagnosis=("blo agent backup --config agent.toml", _LOG),
        action="Free the backups' disk or mount it, and make one by hand.",
    ),
    AlertRule(
        name="BloCertificateEnds",
        expression="blo_certificate_expiry_timestamp_seconds - time() < 2592000",
        minutes=5,
        severity="warning",
        summary="{{ $labels.node }}: the certificate of {{ $labels.office }} ends in {{ $value | humanizeDuration }}",
        meaning="Less than thirty days are left.",
        impact="When it has ended, nothing that the office signs counts.",
        diagnosis=("blo trust check trust --config agent.toml",),
        action="Renew it: docs/keys.md. Old and new may overlap.",
    ),
    AlertRule(
        name="BloDeadLetters",
        expression="increase(blo_dead_letters_total[1h]) > 0",
        minutes=0,
        severity="warning",
        summary="{{ $labels.node }}: records of {{ $labels.link }} could not be processed",
        meaning="A processor met a record with which it could do nothing: a defect of the program.",
        impact="All other records are processed.",
        diagnosis=("blo processors dead list --config processor.toml",),
        action="Report it with what the command prints.",
    ),
    AlertRule(
        name="BloFault",
        expression="increase(blo_faults_contained_total[1h]) > 0",
        minutes=0,
        severity="warning",
        summary="{{ $labels.node }}: an unexpected error was contained ({{ $labels.place }})",
        meaning="A defect of the program, which has kept it to one place.",
        impact="Everything else goes on.",
        diagnosis=(_LOG,),
        action="Report the incident that the log names.",
    ),
)


def node_rule(node: str) -> AlertRule:
    """The rule that a node is there; it also fires if nobody ever saw it.

    Args:
        node: Its name among Prometheus's targets: the office's, processor's or witness's id.
    """
    return AlertRule(
        name="BloNodeAway",
        expression=f'absent(up{{job="{JOB}", node="{node}"}} == 1)',
        minutes=5,
        severity="critical",
        summary=f"{node}: its metrics do not answer",
        meaning="The program does not run, its machine is down, or Prometheus does not reach it.",
        impact="If it does not run, its officers can't work, and nothing of them is sent.",
        diagnosis=("systemctl status blo-agent", _LOG),
        action="Start it. It reads what it has missed by itself.",
        node=node,
    )


def rules_file(nodes: Sequence[str], second: float = 1.0) -> str:
    """The rules as Prometheus reads them.

    Args:
        nodes: The nodes that must be there.
        second: How long a second is: less in a trial.
    """
    lines = ["# Made by: blo monitoring rules", "groups:", "  - name: blo", "    rules:"]
    for rule in (*map(node_rule, nodes), *RULES):
        lines += _rule(rule, second)
    return "\n".join(lines) + "\n"


def _rule(rule: AlertRule, second: float) -> Iterator[str]:
    seconds = round(rule.minutes * 60 * second)
    yield f"      - alert: {rule.name}"
    yield f"        expr: {_quoted(rule.expression)}"
    yield f"        for: {seconds}s"
    yield "        labels:"
    yield f"          severity: {rule.severity}"
    if rule.node:
        yield f"          node: {rule.node}"
    yield "        annotations:"
    yield f"          summary: {_quoted(rule.summary)}"
    yield f"          description: {_quoted(f'{rule.meaning} {rule.impact}')}"
    yield f"          action: {_quoted(rule.action)}"
    yield f"          runbook: docs/runbook.md#{rule.name.lower()}"


def _quoted(text: str) -> str:
    """A text as YAML writes it between double quotes, which is also how JSON does."""
    return msgspec.json.encode(text).decode()
