"""Agreements: what one version must be, by itself and after the one before (docs/domain.md §9; docs/architecture.md, "Keys and trust")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from blo_domain.deadlines import policies
from blo_domain.trust.certificates import Certificates
from blo_domain.trust.errors import (
    AgreementSkipped,
    BadId,
    CorridorMismatch,
    EffectGoesBack,
    KemKeyMissing,
    LinkIdOfOthers,
    NeverValid,
    NotCertified,
    NotSignedBy,
    NotSortedOrTwice,
    PartitionChanged,
    PolicyRefused,
    SharedKey,
    TooManyReaders,
    TrustError,
    WrongSuperior,
)
from blo_domain.trust.model import Certified, LinkRole, ParsedDocument, parts
from blo_domain.trust.roots import day
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
        subject: tuple(sorted(held, key=lambda one: (one.certificate.not_before, one.id)))
        for subject, held in subjects.items()
    }


def newest_valid(
    subjects: Subjects, subject: OfficeId, at: int, role: Role | None = None
) -> Certified | None:
    """The valid certificate of a subject that began last; of any role if none is asked for."""
    for certified in reversed(subjects.get(subject, ())):
        if certified.valid_at(at) and role in (None, certified.certificate.role):
            return certified
    return None


def check_alone(subjects: Subjects, paper: ParsedDocument) -> None:
    """What can be said of a version without the one before it.

    Raises:
        TrustError: One of its subclasses, which names the rule.
    """
    agreement = text_of(paper)
    _check_parties(paper, agreement)
    _check_link_id(paper, agreement)
    if agreement.effective_until is not None and (
        agreement.effective_from >= agreement.effective_until
    ):
        raise NeverValid(paper, "it ends before it begins", "correct effective_until")
    _check_readers(subjects, paper, agreement)
    try:
        policies.check(agreement.policy, agreement.offices)
    except policies.PolicyError as error:
        raise PolicyRefused(
            paper,
            f"its deadline policy {agreement.policy.name!r} is not whole: {error}",
            "complete the policy and have the agreement signed again",
        ) from None


def _check_parties(paper: ParsedDocument, agreement: Agreement) -> None:
    for office in agreement.offices:
        if not is_subject_id(office):
            raise BadId(paper, f"{office!r} is no office's id", "use ids as vn-kyson")
    if list(agreement.offices) != sorted(set(agreement.offices)):
        raise NotSortedOrTwice(
            paper, "its offices are not sorted, or one is there twice", "sort the offices"
        )
    countries = sorted({country_of(office) for office in agreement.offices})
    if not is_corridor_id(agreement.corridor) or "-".join(countries) != agreement.corridor:
        raise CorridorMismatch(
            paper,
            f"its corridor is {agreement.corridor!r}, its offices are of "
            f"{' and '.join(countries) or 'no country'}",
            "a corridor is two countries, and a link needs offices of both and of no other",
        )


def _check_link_id(paper: ParsedDocument, agreement: Agreement) -> None:
    """A link that is named after offices is theirs, so that nobody else can occupy the name."""
    if not is_link_id(agreement.link):
        raise BadId(
            paper,
            f"{agreement.link!r} is no link's id",
            "use the offices' ids joined by ~, or a name in lower-case letters and hyphens",
        )
    if "~" in agreement.link and sorted(agreement.link.split("~")) != list(agreement.offices):
        raise LinkIdOfOthers(
            paper,
            f"its link is named {agreement.link}, its offices are {', '.join(agreement.offices)}",
            "name the link after its own offices, or by a name without ~",
        )


def _check_readers(subjects: Subjects, paper: ParsedDocument, agreement: Agreement) -> None:
    countries = {country_of(office) for office in agreement.offices}
    for superior in agreement.superiors:
        of_link = superior.office in agreement.offices
        if not of_link or country_of(superior.superior) != country_of(superior.office):
            raise WrongSuperior(
                paper,
                f"{superior.superior} is named superior of {superior.office}, which is "
                f"{'of another country' if of_link else 'no office of the link'}",
                "name superiors only for the link's own offices, each of its own country",
            )
    for several in (agreement.superiors, agreement.observers, agreement.processors):
        if len(set(several)) != len(several):
            raise NotSortedOrTwice(paper, "a reader is named twice", "name each reader once")
    everybody = list(parts(agreement))
    if len({subject for subject, _ in everybody}) > MAX_RECIPIENTS:
        raise TooManyReaders(
            paper,
            f"a key can be granted to {MAX_RECIPIENTS} readers, it names more",
            "name fewer observers and processors",
        )
    for subject, part in everybody:
        if country_of(subject) not in countries:
            raise NotCertified(
                paper, f"the {part} {subject} is of neither country", "name one of the two"
            )
        _check_certified(subjects, paper, agreement, subject, part)


def _check_certified(
    subjects: Subjects,
    paper: ParsedDocument,
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
        raise NotCertified(
            paper,
            f"the {part} {subject} has no certificate as {part.role} that is valid on "
            f"{day(at)}, when the agreement begins",
            f"publish such a certificate of {subject}, or let the agreement begin later",
        )
    if all(certified.certificate.kem_key is None for certified in fitting):
        raise KemKeyMissing(
            paper,
            f"the {part} {subject} is to read, but its certificate has no KEM key",
            f"certify {subject} with a KEM key",
        )


def check_next(
    subjects: Subjects,
    notary: SignatureChecker,
    before: tuple[ParsedDocument, ...],
    paper: ParsedDocument,
) -> None:
    """What can be said of a version with the one before it.

    Args:
        subjects: Certificates by subject.
        notary: Checks the signatures.
        before: The version before: none for the first, more than one if it was contradicted;
            then fitting any of them is enough, so that the offices can settle the matter with
            a further version.
        paper: The version in question.

    Raises:
        TrustError: One of its subclasses, which names the rule.
    """
    agreement = text_of(paper)
    if not before:
        if agreement.version != 1:
            raise AgreementSkipped(
                paper,
                f"version {agreement.version - 1} is not there or does not count",
                f"publish version {agreement.version - 1} of it",
            )
        _check_signed(subjects, notary, paper, set(agreement.offices))
        return
    errors = []
    for one in before:
        try:
            _check_follows(text_of(one), paper, agreement)
            leaving = {
                office
                for office in set(text_of(one).offices) - set(agreement.offices)
                if newest_valid(subjects, office, agreement.effective_from, Role.OFFICE)
            }
            _check_signed(subjects, notary, paper, {*agreement.offices, *leaving})
        except TrustError as error:
            errors.append(error)
    if len(errors) == len(before):
        raise errors[0]


def _check_follows(before: Agreement, paper: ParsedDocument, agreement: Agreement) -> None:
    if agreement.version != before.version + 1:
        raise AgreementSkipped(
            paper,
            f"version {agreement.version - 1} is not there or does not count",
            f"publish version {agreement.version - 1} of it",
        )
    if (agreement.corridor, agreement.partition) != (before.corridor, before.partition):
        raise PartitionChanged(
            paper,
            f"the link lies in partition {before.partition} of {before.corridor}, and this "
            f"version says partition {agreement.partition} of {agreement.corridor}",
            "keep the partition, or make a new link",
        )
    if agreement.effective_from < before.effective_from:
        raise EffectGoesBack(
            paper,
            f"it begins on {day(agreement.effective_from)}, before version {before.version} "
            f"({day(before.effective_from)})",
            "let it begin when its predecessor does, or later",
        )


def _check_signed(
    subjects: Subjects, notary: SignatureChecker, paper: ParsedDocument, required: set[OfficeId]
) -> None:
    """Every office must have signed with a key that is certified when the agreement begins.

    There is no trusted signing time, so "then" is ``effective_from``. An office that leaves the
    link signs too, unless its certificate has ended: nobody is put out of a link by the others.
    """
    at = text_of(paper).effective_from
    owners: dict[bytes, OfficeId] = {}
    for office in sorted(required):
        for certified in subjects.get(office, ()):
            if not certified.valid_at(at) or certified.certificate.role is not Role.OFFICE:
                continue
            owner = owners.setdefault(certified.certificate.signing_key, office)
            if owner != office:
                raise SharedKey(
                    paper,
                    f"{owner} and {office} are certified with one and the same signing key",
                    f"have {office} certified with a key of its own",
                )
    signers = notary.signers(paper, owners)
    missing = sorted(required - {owners[key] for key in signers})
    if missing:
        raise NotSignedBy(
            paper,
            f"not signed by {', '.join(missing)}",
            f"send it to {', '.join(missing)} for blo agent sign",
        )


def text_of(paper: ParsedDocument) -> Agreement:
    """What an agreement's paper says."""
    assert isinstance(paper.document, Agreement)
    return paper.document
