"""Measured constants from which ``docs/scale.md`` is computed; the only place to change one.

After a run of ``make bench`` put its figures here and run ``python -m tests.bench.scale``.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Constant(NamedTuple):
    """A measured figure.

    Attributes:
        value: The figure.
        unit: Its unit.
        meaning: The thing that was measured.
        source: Where it comes from.
    """

    value: float
    unit: str
    meaning: str
    source: str


EVENT: Final = Constant(
    1390,
    "bytes",
    "an event of 1 KiB content on `blo.exchange`",
    "`wire_size` (1,377), and Kafka's frame",
)
TRAIL: Final = Constant(
    280, "bytes", "a signed trail entry", "encoded in `tests/unit/test_scale.py`"
)
ALERT: Final = Constant(
    120, "bytes an event", "alerts, where each fourth event has one of some 480 bytes", "estimated"
)
CASE: Final = Constant(460, "bytes a case", "the newest view of a case", "`loop_pause`'s cases")
STEPS: Final = Constant(
    4, "events a case", "steps of a case", "the shipped year of 2025: 497 commands, 123 cases"
)
GRANT: Final = Constant(
    1290, "bytes", "the grant of a key to one reader", "the grants that the audit's tests replay"
)
CONTENT_READERS: Final = Constant(
    3, "readers", "of a case's contents: two offices and a superior", "assumed"
)
SUMMARY_READERS: Final = Constant(
    5, "readers", "of a month's summaries: these, a processor and an observer", "assumed"
)
HEAD: Final = Constant(
    250, "bytes", "an office's newest head of a link", "the heads that the audit's tests replay"
)
CERTIFICATE: Final = Constant(
    1530, "bytes", "a signed certificate with its KEM key", "those that the audit's tests replay"
)
STORE: Final = Constant(
    1.6, "times the topic", "an office's store, at most", "the bar of `store_size`"
)
FOLD: Final = Constant(
    26.6,
    "s for 100,000",
    "a processor that folds a link from its first record",
    "`fold_on_assignment`",
)
RESUMED: Final = Constant(
    0.057,
    "s",
    "a processor's start on a link from its stored state, with a hundred new records",
    "`python -m tests.bench.restarting`: 0.052 behind 100,000 records, 0.057 behind 400,000",
)
LINK_AT_REST: Final = Constant(
    0.048,
    "s a link",
    "a worker's start where all states are stored, with Kafka and the program's own start",
    "`python -m tests.bench.idle_links 200`: 9.6 s",
)
AMORTISED: Final = Constant(
    88_142, "records/s a core", "an amortised audit from Kafka", "`audit_from_kafka`"
)
FULL: Final = Constant(
    12_890, "records/s a core", "a full audit from Kafka", "`audit_full_from_kafka`"
)
GOING_ON: Final = Constant(
    0.29,
    "µs a record",
    "a record that an earlier statement has",
    "`growth_audit_since`: (20.1 − 15.8 ms) / 15,000",
)
STATEMENT: Final = Constant(104, "bytes a record", "an auditor's statement", "`growth_statement`")
LINEAR: Final = Constant(0.95, "exponent", "growth of an audit with the log", "`growth_audit`")

ALL: Final = (
    EVENT, TRAIL, ALERT, CASE, STEPS, GRANT, CONTENT_READERS, SUMMARY_READERS, HEAD, CERTIFICATE,
    STORE, FOLD, RESUMED, LINK_AT_REST,
    AMORTISED, FULL, GOING_ON, STATEMENT, LINEAR,
)  # fmt: skip
