"""Why a trust document does not count: one class per rule, with what to do about it.

.. code-block:: text

    TrustError
    ├── MalformedDocument         the bytes are not the canonical encoding of a document
    ├── BadValue                  an id, a list or a date in it is impossible by itself
    │   ├── BadId                 an id that can't name what it should name
    │   ├── HiddenCharacter       a text in it is not what it looks like
    │   ├── NotSortedOrTwice      a list that must be sorted and without repetition is not
    │   └── NeverValid            it would end before it begins
    ├── SignatureFault
    │   ├── SignaturesNotSorted   they must be sorted by key
    │   ├── SignedTwice           one key's signature appears twice
    │   ├── UnknownSigner         a signature by a key that has no say here
    │   ├── BadSignature          a signature that does not verify
    │   ├── ThresholdNotMet       too few of the root's keys have signed
    │   └── NotSignedBy           an office that must sign has not
    ├── RootFault
    │   ├── CountryNotPinned      this node trusts no root of that country
    │   ├── RootMissing           the pinned root is not among the documents
    │   ├── NotThePinnedRoot      a version 1 that is not the pinned one
    │   ├── RootVersionSkipped    the version before it does not count
    │   ├── RootContradicted      the country signed two different roots of one version
    │   ├── ImpossibleThreshold   more signatures wanted than there are keys
    │   ├── NotSignedByOldRoot    the version before has not signed it with its threshold
    │   └── RootRetired           signed by a root version that could no longer sign this
    ├── KeyFault
    │   ├── WeakKey               a key of small order or a non-canonical one
    │   ├── KeyTwice              one key twice in a root
    │   ├── KeyOfAnother          the signing key belongs to another subject
    │   ├── TagTaken              the first bytes of its id are another certificate's
    │   ├── KemKeyMissing         an office, or a reader of a link, without a KEM key
    │   └── UnusableKemKey        a KEM key that nothing can be sealed to
    ├── WrongCountry              a subject under another country's root
    ├── UnknownCertificate        a revocation of a certificate that does not count
    ├── EntryContradicted         two different directory entries of one version
    └── AgreementFault
        ├── CorridorMismatch      the corridor is not that of its offices
        ├── LinkIdOfOthers        the link's id names other offices
        ├── NotCertified          a party or reader has no fitting certificate then
        ├── WrongSuperior         a superior of no office of the link, or of another country
        ├── SharedKey             two of its offices have one signing key
        ├── TooManyReaders        more readers than a key can be granted to
        ├── PolicyRefused         the deadline policy is incomplete or contradicts itself
        ├── AgreementSkipped      the version before it does not count
        ├── AgreementContradicted its offices signed two different documents of one version
        ├── PartitionChanged      a link's partition or corridor never changes
        ├── EffectGoesBack        it would count from before its predecessor does
        └── PartitionContested    another link's agreement claims the same partition
"""

from __future__ import annotations

import re
from typing import ClassVar, Protocol

from blo_domain.errors import DomainError
from blo_schemas.ids import DocumentId


class Titled(Protocol):
    """What an error says of the document it is about."""

    @property
    def id(self) -> DocumentId | None:
        """Its id, if it could be read so far."""

    @property
    def title(self) -> str:
        """What it is, in words."""


class TrustError(DomainError):
    """A trust document does not count.

    Attributes:
        rule: Stable name of the rule, used in test vectors and by programs.
        document: Id of the document; ``None`` if the bytes are no document at all.
        title: What the document is, in words.
        problem: Which rule it breaks, in words.
        todo: What to do about it.
    """

    rule: ClassVar[str] = "trust_error"

    def __init_subclass__(cls) -> None:
        cls.rule = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, document: Titled, problem: str, todo: str) -> None:
        self.document = document.id
        self.title = document.title
        self.problem = problem
        self.todo = todo
        name = f"{self.title} ({self.document.hex()[:16]})" if self.document else self.title
        super().__init__(f"{name}: {problem}; {todo}")


class MalformedDocument(TrustError):
    """The bytes are not the canonical encoding of a document."""


class BadValue(TrustError):
    """Something in the document is impossible by itself."""


class BadId(BadValue):
    """An id that can't name what it should name."""


class HiddenCharacter(BadValue):
    """A text has a control character, one that turns its direction, or one that can't be seen."""


class NotSortedOrTwice(BadValue):
    """A list that must be without repetition, and sorted if its order has no meaning, is not."""


class NeverValid(BadValue):
    """Its validity would end before it begins."""


class SignatureFault(TrustError):
    """The signatures are not what the rules ask for."""


class SignaturesNotSorted(SignatureFault):
    """Signatures must be sorted by key, so that a document has one encoding."""


class SignedTwice(SignatureFault):
    """One key's signature appears twice."""


class UnknownSigner(SignatureFault):
    """A signature by a key that has no say in this document."""


class BadSignature(SignatureFault):
    """A signature that does not verify over the payload."""


class ThresholdNotMet(SignatureFault):
    """Too few of the root's keys have signed."""


class NotSignedBy(SignatureFault):
    """An office that must sign the agreement has not."""


class RootFault(TrustError):
    """Something about a country's root."""


class CountryNotPinned(RootFault):
    """This node has pinned no root of that country."""


class RootMissing(RootFault):
    """The pinned root is not among the documents."""


class NotThePinnedRoot(RootFault):
    """A root version 1 whose fingerprint is not the pinned one."""


class RootVersionSkipped(RootFault):
    """The version before it does not count."""


class RootContradicted(RootFault):
    """The country signed two different roots of one version; neither counts."""


class ImpossibleThreshold(RootFault):
    """The root wants more signatures than it has keys."""


class NotSignedByOldRoot(RootFault):
    """The threshold of the version before has not signed the new root."""


class RootRetired(RootFault):
    """The root version that signed it had expired or been replaced when it would begin."""


class KeyFault(TrustError):
    """Something about a key."""


class WeakKey(KeyFault):
    """A signing key of small order, or one that is not canonically encoded."""


class KeyTwice(KeyFault):
    """A root that lists one key twice."""


class KeyOfAnother(KeyFault):
    """The signing key already belongs to another subject of the country."""


class TagTaken(KeyFault):
    """The first 8 bytes of its id are those of another certificate of the country."""


class KemKeyMissing(KeyFault):
    """An office, or a reader that is granted keys, without a KEM key."""


class UnusableKemKey(KeyFault):
    """A KEM key that nothing can be sealed to: bytes that are no key, or one of small order."""


class WrongCountry(TrustError):
    """A subject that does not belong to the country whose root should sign."""


class UnknownCertificate(TrustError):
    """A revocation of a certificate that does not count."""


class EntryContradicted(TrustError):
    """Two different directory entries of one office and version; neither counts."""


class AgreementFault(TrustError):
    """Something about an agreement."""


class CorridorMismatch(AgreementFault):
    """The corridor's two countries are not those of the offices."""


class LinkIdOfOthers(AgreementFault):
    """The link's id is made of offices, but not of the agreement's."""


class NotCertified(AgreementFault):
    """A party or reader has no certificate of the fitting role when the agreement begins."""


class WrongSuperior(AgreementFault):
    """A superior of no office of the link, or of another country than its office."""


class SharedKey(AgreementFault):
    """Two of its offices are certified with one signing key."""


class TooManyReaders(AgreementFault):
    """More readers than a key can be granted to."""


class PolicyRefused(AgreementFault):
    """The deadline policy is incomplete or contradicts itself."""


class AgreementSkipped(AgreementFault):
    """The version before it does not count."""


class AgreementContradicted(AgreementFault):
    """Its offices signed two different documents of one version; neither counts."""


class PartitionChanged(AgreementFault):
    """A link's partition and corridor never change."""


class EffectGoesBack(AgreementFault):
    """It would count from before its predecessor does."""


class PartitionContested(AgreementFault):
    """Another link's agreement claims the same partition at the same time; neither counts."""
