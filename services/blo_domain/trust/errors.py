"""Why a trust document does not count: the rules, and what to do when one is broken."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, Self

from blo_domain.errors import DomainError
from blo_schemas.ids import DocumentId


class TrustRule(StrEnum):
    """A rule that a trust document can break. Programs and test vectors use its name.

    Attributes:
        todo: What to do about the document.
    """

    todo: str

    def __new__(cls, name: str, todo: str) -> Self:
        """Makes a member from its name and its advice."""
        rule = str.__new__(cls, name)
        rule._value_ = name
        rule.todo = todo
        return rule

    MALFORMED_DOCUMENT = (
        "malformed_document",
        "make it again with blo trust, or copy the file again from its maker",
    )
    """The bytes are not the canonical encoding of a document."""

    BAD_ID = (
        "bad_id",
        "name an office as vn-kyson, a country as vn, a link as vn-kyson~la-nonghet or patrol-north",
    )
    """An id that can't name what it should name."""

    HIDDEN_CHARACTER = (
        "hidden_character",
        "write the text without it, and have the document signed again",
    )
    """A text has a control character, one that turns its direction, or one that can't be seen."""

    NOT_SORTED_OR_TWICE = ("not_sorted_or_twice", "sort the list, and name each entry once")
    """A list that must be without repetition, and sorted if its order has no meaning, is not."""

    NEVER_VALID = ("never_valid", "correct the dates of its beginning and its end")
    """Its validity would end before it begins."""

    SIGNATURES_NOT_SORTED = ("signatures_not_sorted", "make the file with blo trust")
    """Signatures must be sorted by key, so that a document has one encoding."""

    SIGNED_TWICE = ("signed_twice", "remove one of the two: a key counts once")
    """One key's signature appears twice."""

    UNKNOWN_SIGNER = (
        "unknown_signer",
        "have it signed by those who must, or publish the document that makes the key known",
    )
    """A signature by a key that may not sign this document."""

    BAD_SIGNATURE = (
        "bad_signature",
        "the document was changed after signing: have it signed again",
    )
    """A signature that does not verify over the payload."""

    THRESHOLD_NOT_MET = (
        "threshold_not_met",
        "have it signed by more of the root keys: blo trust sign",
    )
    """Too few of the root's keys have signed."""

    NOT_SIGNED_BY = ("not_signed_by", "send it to these offices for blo agent sign")
    """An office that must sign the agreement has not."""

    COUNTRY_NOT_PINNED = (
        "country_not_pinned",
        "pin its fingerprint if this node is to know that country; otherwise there is nothing to do",
    )
    """This node has pinned no root of that country."""

    ROOT_MISSING = ("root_missing", "publish version 1 of that root")
    """The pinned root is not among the documents."""

    NOT_THE_PINNED_ROOT = (
        "not_the_pinned_root",
        "compare the fingerprint with the country's authority by another channel",
    )
    """A root version 1 whose fingerprint is not the pinned one."""

    ROOT_VERSION_SKIPPED = ("root_version_skipped", "publish the missing version of the root")
    """The version before it does not count."""

    ROOT_CONTRADICTED = (
        "root_contradicted",
        "ask the country's authority, and pin a new root of it",
    )
    """The country signed two different roots of one version; neither counts."""

    IMPOSSIBLE_THRESHOLD = ("impossible_threshold", "lower the threshold or add keys")
    """The root wants more signatures than it has keys."""

    NOT_SIGNED_BY_OLD_ROOT = (
        "not_signed_by_old_root",
        "have it signed by more keys of the version before: blo trust sign",
    )
    """The threshold of the version before has not signed the new root."""

    ROOT_RETIRED = ("root_retired", "have it signed by a newer root of that country")
    """The root version that signed it had expired or been replaced when it would begin."""

    WEAK_KEY = ("weak_key", "make a new key with blo trust key new")
    """A signing key of small order, or one that is not canonically encoded."""

    KEY_TWICE = ("key_twice", "list each key once")
    """A root that lists one key twice."""

    KEY_OF_ANOTHER = (
        "key_of_another",
        "make an identity of its own for every subject: blo trust key new",
    )
    """The signing key already belongs to another subject of the country."""

    TAG_TAKEN = ("tag_taken", "make it again with another not_before")
    """The first 8 bytes of its id are those of another certificate of the country."""

    KEM_KEY_MISSING = (
        "kem_key_missing",
        "make the certificate from the subject's identity, which holds both keys",
    )
    """An office, or a reader that is granted keys, without a KEM key."""

    UNUSABLE_KEM_KEY = (
        "unusable_kem_key",
        "make the certificate from the subject's own request: blo agent init, or blo trust key new",
    )
    """A KEM key that nothing can be sealed to: bytes that are no key, or one of small order."""

    WRONG_COUNTRY = (
        "wrong_country",
        "have it signed by the root of the country that the subject or certificate belongs to",
    )
    """A subject that does not belong to the country whose root should sign."""

    UNKNOWN_CERTIFICATE = (
        "unknown_certificate",
        "publish the certificate first, or correct its id",
    )
    """A revocation of a certificate that does not count."""

    ENTRY_CONTRADICTED = ("entry_contradicted", "publish an entry with the next version")
    """Two different directory entries of one office and version; neither counts."""

    CORRIDOR_MISMATCH = (
        "corridor_mismatch",
        "name the two countries of its offices: a link needs offices of both and of no other",
    )
    """The corridor's two countries are not those of the offices."""

    LINK_ID_OF_OTHERS = (
        "link_id_of_others",
        "name the link after its own offices, or by a name without ~",
    )
    """The link's id is made of offices, but not of the agreement's."""

    NOT_CERTIFIED = (
        "not_certified",
        "name a subject of one of the two countries that is certified in that role when the agreement begins",
    )
    """A party or reader has no certificate of the fitting role when the agreement begins."""

    WRONG_SUPERIOR = (
        "wrong_superior",
        "name superiors only for the link's own offices, each of its own country",
    )
    """A superior of no office of the link, or of another country than its office."""

    SHARED_KEY = ("shared_key", "have each office certified with a key of its own")
    """Two of its offices are certified with one signing key."""

    TOO_MANY_READERS = ("too_many_readers", "name fewer observers and processors")
    """More readers than a key can be granted to."""

    POLICY_REFUSED = ("policy_refused", "complete the policy and have the agreement signed again")
    """The deadline policy is incomplete or contradicts itself."""

    AGREEMENT_SKIPPED = ("agreement_skipped", "publish the missing version of the agreement")
    """The version before it does not count."""

    AGREEMENT_CONTRADICTED = ("agreement_contradicted", "have all of them sign one further version")
    """Its offices signed two different documents of one version; neither counts."""

    PARTITION_CHANGED = ("partition_changed", "keep the partition, or make a new link")
    """A link's partition and corridor never change."""

    EFFECT_GOES_BACK = ("effect_goes_back", "let it begin when its predecessor does, or later")
    """It would count from before its predecessor does."""

    PARTITION_CONTESTED = (
        "partition_contested",
        "let one of the links move to a free partition under a new link id",
    )
    """Another link's agreement claims the same partition at the same time; neither counts."""


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
        rule: The rule that it breaks.
        document: Id of the document; ``None`` if the bytes are no document at all.
        title: What the document is, in words.
        problem: How it breaks the rule, in words.
    """

    def __init__(self, rule: TrustRule, document: Titled, problem: str) -> None:
        self.rule = rule
        self.document = document.id
        self.title = document.title
        self.problem = problem
        name = f"{self.title} ({self.document.hex()[:16]})" if self.document else self.title
        super().__init__(f"{name}: {problem}; {rule.todo}")

    @property
    def todo(self) -> str:
        """What to do about it."""
        return self.rule.todo
