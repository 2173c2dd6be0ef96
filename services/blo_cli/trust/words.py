"""Trust documents in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from blo_cli.instant_text import InstantText
from blo_cli.trust.json_forms import SignatureForm
from blo_domain.trust import title
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.policy import DeadlinePolicy, Span
from blo_schemas.trust import (
    Agreement,
    Certificate,
    DatedText,
    Document,
    OfficeEntry,
    Revocation,
    Root,
    SignedDocument,
)
from blo_sealing.signatures import fingerprint
from blo_sealing.statements import verify_document_signature


def describe(document: Document, payload: bytes, times: InstantText) -> Iterator[str]:
    """What a document says, line by line: who, what, when.

    Args:
        document: The document.
        payload: Its bytes.
        times: How instants are written.
    """
    identifier = document_id(payload)
    match document:
        case Root():
            yield f"fingerprint  {identifier.hex()}"
            yield f"threshold    {document.threshold} of {len(document.keys)} keys"
            yield from (f"key          {fingerprint(key)}  {key.hex()}" for key in document.keys)
            yield f"valid        {_between(document.not_before, document.not_after, times)}"
        case Certificate():
            yield f"id           {identifier.hex()}"
            yield f"tag          {certificate_tag(identifier).hex()}"
            yield f"signing key  {fingerprint(document.signing_key)}"
            yield f"KEM key      {fingerprint(document.kem_key) if document.kem_key else 'none'}"
            yield f"valid        {_between(document.not_before, document.not_after, times)}"
            yield from (f"name         {_dated(name)}" for name in document.names)
        case OfficeEntry():
            yield from _entry(document)
        case Agreement():
            yield from _agreement(document, times)
        case Revocation():
            yield f"country      {document.country}"
            yield f"certificate  {document.certificate.hex()}"
            yield f"from         {times.of(document.at)}"
            yield from (f"on {part.link} from log size {part.size}" for part in document.links)
            yield f"reason       {document.reason}"


def signatures(signed: SignedDocument, owners: Mapping[bytes, str]) -> Iterator[SignatureForm]:
    """Who has signed a document, and whether each signature is good.

    Args:
        signed: The document.
        owners: Whose each known key is, in words.
    """
    for signature in signed.signatures:
        yield SignatureForm(
            by=owners.get(signature.key, "an unknown key"),
            key=fingerprint(signature.key),
            good=verify_document_signature(signed, signature),
        )


def owners(documents: Iterable[Document]) -> dict[bytes, str]:
    """Whose the keys are that documents name, in words."""
    known: dict[bytes, str] = {}
    for document in documents:
        if isinstance(document, Root):
            for number, key in enumerate(document.keys, 1):
                known.setdefault(key, f"key {number} of the {title(document)}")
        elif isinstance(document, Certificate):
            known.setdefault(document.signing_key, document.subject)
    return known


def _entry(entry: OfficeEntry) -> Iterator[str]:
    yield f"region       {entry.region}"
    yield f"level        {entry.level}"
    yield f"node         {'yes' if entry.has_node else 'no'}"
    for label, texts in (
        ("name", entry.names),
        ("host", entry.hosts),
        ("contact", entry.contacts),
    ):
        yield from (f"{label:<12} {_dated(text)}" for text in texts)
    if entry.successor is not None:
        yield f"successor    {entry.successor}"


def _agreement(agreement: Agreement, times: InstantText) -> Iterator[str]:
    yield f"corridor     {agreement.corridor}, partition {agreement.partition}"
    yield f"offices      {', '.join(agreement.offices)}"
    for superior in agreement.superiors:
        yield f"superior     {superior.superior}, of {superior.office}"
    for label, subjects in (
        ("observers", agreement.observers),
        ("processors", agreement.processors),
    ):
        if subjects:
            yield f"{label:<12} {', '.join(subjects)}"
    yield f"in force     {_between(agreement.effective_from, agreement.effective_until, times)}"
    if agreement.working_marking:
        yield f"marking      {agreement.working_marking}"
    if agreement.refused_markings:
        yield f"refuses      {', '.join(agreement.refused_markings)}"
    yield from _policy(agreement.policy)


def _policy(policy: DeadlinePolicy) -> Iterator[str]:
    yield f"policy       {policy.name}"
    for row in policy.deadlines:
        kind = "" if row.kind is None else f", {row.kind.word}"
        yield (
            f"  {row.urgency.word}{kind}: acknowledge within {_span(row.acknowledge)}, "
            f"answer within {_span(row.answer)}"
        )
    for step in policy.ladder:
        when = (
            f"after {policy.warning_percent} % of the time"
            if step.after is None
            else f"{_span(step.after)} after the deadline"
        )
        yield f"  {step.rung}: {when}"
    yield f"  public holidays by version {policy.holidays} of the table"
    for calendar in policy.calendars:
        yield f"  calendar of {calendar.country}, free weekdays {calendar.weekend}"
    yield from (f"  time zone of {zone.office}: {zone.zone}" for zone in policy.zones)
    yield from (f"  may decline because: {ground}" for ground in policy.refusal_grounds)
    yield f"  a peer is silent after {_span(policy.silent_after)}"


def _span(span: Span) -> str:
    unit = span.unit.replace("_", " ")
    return f"{span.amount} {unit[:-1] if span.amount == 1 else unit}"


def _between(start: int, end: int | None, times: InstantText) -> str:
    until = "until superseded" if end is None else f"until before {times.of(end)}"
    return f"from {times.of(start)} {until}"


def _dated(text: DatedText) -> str:
    language = f" [{text.language}]" if text.language else ""
    since = f" since {text.since}" if text.since else ""
    until = f" until before {text.until}" if text.until else ""
    return f"{text.text}{language}{since}{until}"
