"""The demo's checks of what the stream processors derive: against the offices, and a plain fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from blo_agent.api import response_types as api
from blo_lab.demo.checks import Check, checked
from blo_lab.demo.observe import Observed
from blo_lab.demo.outputs import CorridorOutputs, LinkOutputs
from blo_projection.case_views import CaseViews
from blo_schemas.outputs import TrailState
from blo_schemas.verdicts import Outcome, Verdict

Corridors = Sequence[CorridorOutputs]


def check_trail(seen: Observed, corridors: Corridors, sizes: Mapping[str, int]) -> Check:
    """The trail has one final entry for every record, and every office came to its verdicts."""
    wrong: list[str] = []
    verdicts = checkpoints = 0
    for link, outputs in _links(corridors):
        wrong += outputs.unreadable
        wrong += _entries(link, outputs, sizes.get(link, 0))
        wrong += _checkpoints(link, outputs)
        checkpoints += len(outputs.trail.checkpoints)
        for office, status in seen.at_link(link).items():
            judged = seen.verdicts[office][link]
            verdicts += len(judged)
            wrong += _differences(f"{office} on {link}", outputs, status, judged)
    total = sum(sizes.values())
    return checked(
        "trail_equals_verdicts",
        wrong,
        f"{total} records, one final entry each; {verdicts} verdicts at the offices are the same; "
        f"{checkpoints} checkpoints state the log's hash and tree root",
    )


def _entries(link: str, outputs: LinkOutputs, size: int) -> Iterator[str]:
    entries, folded = outputs.trail.entries, outputs.plain.folded
    if sorted(entries) != list(range(size)) or len(folded) != size:
        yield f"{link}: {len(entries)} entries for {len(folded)} records, {size} were sent"
        return
    for position, entry in sorted(entries.items()):
        one = folded[position]
        if entry.finality is not TrailState.FINAL:
            yield f"{link}: the entry of record {position} is {entry.finality}"
        elif (entry.verdict, entry.office, entry.event) != (one.verdict, one.office, one.event):
            yield f"{link}: the entry of record {position} is not what a plain fold concludes"
        elif entry.log_hash != outputs.plain.hashes[position][0]:
            yield f"{link}: the entry of record {position} states another log"


def _checkpoints(link: str, outputs: LinkOutputs) -> Iterator[str]:
    hashes = outputs.plain.hashes
    for size, made in outputs.trail.checkpoints.items():
        if size > len(hashes) or (made.log_hash, made.tree_root) != hashes[size - 1]:
            yield f"{link}: the checkpoint of {size} records states another log"


def _differences(
    where: str,
    outputs: LinkOutputs,
    status: api.LinkAnswer,
    judged: Mapping[int, Verdict],
) -> Iterator[str]:
    """Record by record where the office shows it with its case, and all together by their counts."""
    entries = outputs.trail.entries
    for position, verdict in judged.items():
        entry = entries.get(position)
        if entry is None or entry.verdict != verdict:
            yield f"{where}: record {position} has another verdict"
    found = [entry.verdict for entry in entries.values() if entry.verdict is not None]
    outcomes = Counter(verdict.outcome for verdict in found)
    reasons = Counter(verdict.reason.value for verdict in found if verdict.reason is not None)
    counts = status.counts
    told = (
        outcomes[Outcome.ACCEPTED],
        outcomes[Outcome.DUPLICATE],
        sum(verdict.crossed for verdict in found),
        dict(reasons),
    )
    if told != (counts.accepted, counts.duplicates, counts.crossed, counts.rejected):
        yield f"{where}: it counts other verdicts than the trail"


def check_case_views(seen: Observed, corridors: Corridors) -> Check:
    """The processors' views of the cases are those that every office made for itself."""
    wrong: list[str] = []
    cases = offices = 0
    for link, outputs in _links(corridors):
        views = CaseViews()
        for record in outputs.cases.records.values():
            views.put(record.view)
        cases += len(views)
        digest = views.digest().hex()
        for office, status in seen.at_link(link).items():
            offices += 1
            if status.view_digest != digest:
                wrong.append(
                    f"{link}: {digest[:12]} of {len(views)} cases, "
                    f"{office} has {status.view_digest[:12]}"
                )
    return checked(
        "processors_views_equal",
        wrong,
        f"{cases} cases, equal to the views of every office of their link ({offices} compared)",
    )


def check_alerts(corridors: Corridors) -> Check:
    """The alerts and clocks are those of a plain fold at the same instant."""
    wrong: list[str] = []
    raised = cleared = 0
    for link, outputs in _links(corridors):
        found, expected = outputs.alerts.records, outputs.plain.alerts()
        raised += sum(alert.clears is None for alert in found.values())
        cleared += sum(alert.clears is not None for alert in found.values())
        wrong += [f"{link}: missing: {_words(expected[one])}" for one in expected.keys() - found]
        wrong += [f"{link}: unfounded: {_words(found[one])}" for one in found.keys() - expected]
        wrong += [
            f"{link}: other than it should be: {_words(found[one])}"
            for one in found.keys() & expected
            if found[one] != expected[one]
        ]
        clocks = {case: record.clocks for case, record in outputs.cases.records.items()}
        if clocks != outputs.plain.clocks:
            wrong.append(f"{link}: the clocks of a case are not what a plain fold makes of them")
    return checked(
        "alerts_equal_plain_fold",
        wrong,
        f"{raised} alerts, {cleared} clearings: what the pure rules make of each whole log at its "
        "last log time",
    )


def _words(alert: object) -> str:
    named = (getattr(alert, name) for name in ("clock", "rung", "signal"))
    return " ".join(str(one) for one in named if one is not None)


def check_no_dead_letters(corridors: Corridors) -> Check:
    """Every record could be processed."""
    wrong = [f"{link}: {outputs.dead}" for link, outputs in _links(corridors) if outputs.dead]
    count = sum(1 for _ in _links(corridors))
    return checked("no_dead_letters", wrong, f"none on {count} links")


def check_no_content(corridors: Corridors) -> Check:
    """No processor was granted a content key, and nothing that it holds opens a body.

    Whether somebody hands one a key by another way than Kafka, no trial can show.
    """
    wrong = []
    for one in corridors:
        tried, who = one.opening, one.program.title
        if tried.content_granted:
            wrong.append(f"{who} was granted {tried.content_granted} content keys")
        if tried.grants_opened:
            wrong.append(f"{who} opens {tried.grants_opened} grants of content keys to others")
        if tried.bodies_opened:
            wrong.append(f"{who} opens {tried.bodies_opened} of {tried.bodies} bodies")
        if tried.summaries_opened != tried.summaries:
            wrong.append(
                f"the trial is blind: {who} opens {tried.summaries_opened} of {tried.summaries} "
                "summaries"
            )
    every = [one.opening for one in corridors]
    return checked(
        "processors_open_no_content",
        wrong,
        f"granted to them: no content key, {sum(one.keys for one in every)} summary keys; those "
        f"open {sum(one.summaries for one in every)} summaries and no body, and their private keys "
        f"none of {sum(one.grants for one in every)} content keys granted to others",
    )


def _links(corridors: Iterable[CorridorOutputs]) -> Iterator[tuple[str, LinkOutputs]]:
    for one in corridors:
        yield from one.links.items()
