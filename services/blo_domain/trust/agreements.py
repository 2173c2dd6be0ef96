"""Agreements: what one version must be, by itself and after the one before (docs/domain.md §9; docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from blo_domain.deadlines import policies
from blo_domain.trust.certificates import Certificates
from blo_domain.trust.errors import TrustError, TrustRule
from blo_domain.trust.model import Certified, LinkRole, ParsedDocument, parts
from blo_domain.trust.roots import instant_text
from blo_domain.trust.signatures import SignatureChecker
from blo_schemas.grants import MAX_RECIPIENTS
from blo_schemas.ids import (
    OfficeId,
    country_of,
    is_corridor_id,
    is_link_id,
    is_subject_id,
)
from blo_schemas.trust import Agreement, Role

Subjects = Mapping[OfficeId, tuple[Certified, ...]]
"""All certificates of a subject that count, revoked ones too, oldest first."""


def by_subject(certificates: Certificates) -> Subjects:
    """The certificates of each subject."""
    subjects: dict[OfficeId, list[Certified]] = defaultdict(list)
    for certified in certificates.values():
        subjects[certified.certificate.subject].append(certified)
    return {
        subject: tuple(sorted(owned, key=lambda own: (own.certificate.not_before, own.id)))
        for subject, owned in subjects.items()
    }


def newest_valid(
    subjects: Subjects, subject: OfficeId, at: int, role: Role | None = None
) -> Certified | None:
    """The valid certificate of a subject that began last; of any role if none is asked for."""
    for certified in reversed(subjects.get(subject, ())):
        if certified.valid_at(at) and role in (None, certified.certificate.role):
            return certified
    return None


def check_alone(subjects: Subjects, parsed: ParsedDocument) -> None:
    """Checks a version without its predecessor.

    Raises:
        TrustError: One of its subclasses, which names the rule.
    """
    agreement = agreement_of(parsed)
    _check_parties(parsed, agreement)
    _check_link_id(parsed, agreement)
    if agreement.effective_until is not None and (
        agreement.effective_from >= agreement.effective_until
    ):
        raise TrustError(TrustRule.NEVER_VALID, parsed, "it ends before it begins")
    _check_readers(subjects, parsed, agreement)
    try:
        policies.check(agreement.policy, agreement.offices)
    except policies.PolicyError as error:
        raise TrustError(
            TrustRule.POLICY_REFUSED,
            parsed,
            f"its deadline policy {agreement.policy.name!r} is not whole: {error}",
        ) from None


def _check_parties(parsed: ParsedDocument, agreement: Agreement) -> None:
    for office in agreement.offices:
        if not is_subject_id(office):
            raise TrustError(TrustRule.BAD_ID, parsed, f"{office!r} is no office's id")
    if list(agreement.offices) != sorted(set(agreement.offices)):
        raise TrustError(
            TrustRule.NOT_SORTED_OR_TWICE,
            parsed,
            "its offices are not sorted, or one is there twice",
        )
    countries = sorted({country_of(office) for office in agreement.offices})
    if not is_corridor_id(agreement.corridor) or "-".join(countries) != agreement.corridor:
        raise TrustError(
            TrustRule.CORRIDOR_MISMATCH,
            parsed,
            f"its corridor is {agreement.corridor!r}, its offices are of "
            f"{' and '.join(countries) or 'no country'}",
        )


def _check_link_id(parsed: ParsedDocument, agreement: Agreement) -> None:
    """A link that is named after offices is theirs, so that nobody else can occupy the name."""
    if not is_link_id(agreement.link):
        raise TrustError(TrustRule.BAD_ID, parsed, f"{agreement.link!r} is no link's id")
    if "~" in agreement.link and sorted(agreement.link.split("~")) != list(agreement.offices):
        raise TrustError(
            TrustRule.LINK_ID_OF_OTHERS,
            parsed,
            f"its link is named {agreement.link}, its offices are {', '.join(agreement.offices)}",
        )


def _check_readers(subjects: Subjects, parsed: ParsedDocument, agreement: Agreement) -> None:
    countries = {country_of(office) for office in agreement.offices}
    for superior in agreement.superiors:
        of_link = superior.office in agreement.offices
        if not of_link or country_of(superior.superior) != country_of(superior.office):
            raise TrustError(
                TrustRule.WRONG_SUPERIOR,
                parsed,
                f"{superior.superior} is named superior of {superior.office}, which is "
                f"{'of another country' if of_link else 'no office of the link'}",
            )
    for readers in (agreement.superiors, agreement.observers, agreement.processors):
        if len(set(readers)) != len(readers):
            raise TrustError(TrustRule.NOT_SORTED_OR_TWICE, parsed, "a reader is named twice")
    everybody = list(parts(agreement))
    if len({subject for subject, _ in everybody}) > MAX_RECIPIENTS:
        raise TrustError(
            TrustRule.TOO_MANY_READERS,
            parsed,
            f"a key can be granted to {MAX_RECIPIENTS} readers, it names more",
        )
    for subject, part in everybody:
        if country_of(subject) not in countries:
            raise TrustError(
                TrustRule.NOT_CERTIFIED, parsed, f"the {part} {subject} is of neither country"
            )
        _check_certified(subjects, parsed, agreement, subject, part)


def _check_certified(
    subjects: Subjects,
    parsed: ParsedDocument,
    agreement: Agreement,
    subject: OfficeId,
    part: LinkRole,
) -> None:
    """A reader whose key is revoked stays named and gets no keys; a party must be able to sign."""
    at = agreement.effective_from
    fitting = [
        certified
        for certified in subjects.get(subject, ())
        if certified.certificate.role is part.role
        and (certified.valid_at(at) if part is LinkRole.PARTY else certified.covers(at))
    ]
    if not fitting:
        raise TrustError(
            TrustRule.NOT_CERTIFIED,
            parsed,
            f"the {part} {subject} has no certificate as {part.role} that is valid on "
            f"{instant_text(at)}, when the agreement begins",
        )
    if all(certified.certificate.kem_key is None for certified in fitting):
        raise TrustError(
            TrustRule.KEM_KEY_MISSING,
            parsed,
            f"the {part} {subject} is to read, but its certificate has no KEM key",
        )


def check_next(
    subjects: Subjects,
    checker: SignatureChecker,
    before: tuple[ParsedDocument, ...],
    parsed: ParsedDocument,
) -> None:
    """Checks a version against its predecessor.

    Args:
        subjects: Certificates by subject.
        checker: Checks the signatures.
        before: The version before: none for the first, more than one if it was contradicted;
            then fitting any of them is enough, so that the offices can settle the matter with
            a further version.
        parsed: The version in question.

    Raises:
        TrustError: One of its subclasses, which names the rule.
    """
    agreement = agreement_of(parsed)
    if not before:
        if agreement.version != 1:
            raise TrustError(
                TrustRule.AGREEMENT_SKIPPED,
                parsed,
                f"version {agreement.version - 1} is not there or does not count",
            )
        _check_signed(subjects, checker, parsed, set(agreement.offices))
        return
    errors = []
    for predecessor in before:
        try:
            _check_follows(agreement_of(predecessor), parsed, agreement)
            leaving = {
                office
                for office in set(agreement_of(predecessor).offices) - set(agreement.offices)
                if newest_valid(subjects, office, agreement.effective_from, Role.OFFICE)
            }
            _check_signed(subjects, checker, parsed, {*agreement.offices, *leaving})
        except TrustError as error:
            errors.append(error)
    if len(errors) == len(before):
        raise errors[0]


def _check_follows(before: Agreement, parsed: ParsedDocument, agreement: Agreement) -> None:
    if agreement.version != before.version + 1:
        raise TrustError(
            TrustRule.AGREEMENT_SKIPPED,
            parsed,
            f"version {agreement.version - 1} is not there or does not count",
        )
    if (agreement.corridor, agreement.partition) != (before.corridor, before.partition):
        raise TrustError(
            TrustRule.PARTITION_CHANGED,
            parsed,
            f"the link lies in partition {before.partition} of {before.corridor}, and this "
            f"version says partition {agreement.partition} of {agreement.corridor}",
        )
    if agreement.effective_from < before.effective_from:
        raise TrustError(
            TrustRule.EFFECT_GOES_BACK,
            parsed,
            f"it begins on {instant_text(agreement.effective_from)}, before version {before.version} "
            f"({instant_text(before.effective_from)})",
        )


def _check_signed(
    subjects: Subjects, checker: SignatureChecker, parsed: ParsedDocument, required: set[OfficeId]
) -> None:
    """Every office must have signed with a key that is certified when the agreement begins.

    There is no trusted signing time, so "then" is ``effective_from``. An office that leaves the
    link signs too, unless its certificate has ended: nobody is put out of a link by the others.
    """
    at = agreement_of(parsed).effective_from
    owners: dict[bytes, OfficeId] = {}
    for office in sorted(required):
        for certified in subjects.get(office, ()):
            if not certified.valid_at(at) or certified.certificate.role is not Role.OFFICE:
                continue
            owner = owners.setdefault(certified.certificate.signing_key, office)
            if owner != office:
                raise TrustError(
                    TrustRule.SHARED_KEY,
                    parsed,
                    f"{owner} and {office} are certified with one and the same signing key",
                )
    signers = checker.signers(parsed, owners)
    missing = sorted(required - {owners[key] for key in signers})
    if missing:
        raise TrustError(TrustRule.NOT_SIGNED_BY, parsed, f"not signed by {', '.join(missing)}")


def agreement_of(parsed: ParsedDocument) -> Agreement:
    """The agreement that a parsed document holds."""
    assert isinstance(parsed.document, Agreement)
    return parsed.document
