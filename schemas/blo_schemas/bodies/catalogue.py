"""The catalogue: which body belongs to which kind and step (docs/domain.md §2).

The steps of each kind are those of its lifecycle table (``blo_domain.lifecycle``); a test holds
the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blo_schemas.bodies import administration as adm
from blo_schemas.bodies import meetings, operations, persons, requests, steps
from blo_schemas.bodies.common import Minutes, NoFields, Onward
from blo_schemas.bodies.upcast import BodyRegistry, BodySchema
from blo_schemas.fields import MapStruct
from blo_schemas.summary import Kind, Step

Bodies = Mapping[Step, type[MapStruct]]

_EVERY: Final[Bodies] = {
    Step.ACKNOWLEDGE: steps.Acknowledgement,
    Step.WITHDRAW: NoFields,
    Step.SUPERSEDE: steps.Correction,
    Step.PAUSE: steps.Pause,
    Step.RESUME: NoFields,
    Step.URGE: steps.Urge,
    Step.SHRED: steps.ShreddingRequest,
    Step.KEEP: NoFields,
    Step.CONFIRM_SHREDDING: NoFields,
}
_CONSENT: Final[Bodies] = {
    Step.RETURN_FOR_INFORMATION: steps.InformationWanted,
    Step.SUPPLY_INFORMATION: steps.InformationSupplied,
    Step.DECLINE: steps.DeclineReason,
}
_REQUEST: Final[Bodies] = {
    **_CONSENT,
    Step.ACCEPT: NoFields,
    Step.ASSIGN: steps.Assignment,
    Step.INTERIM_REPLY: steps.InterimReply,
    Step.ANSWER: steps.Answer,
    Step.CLOSE: NoFields,
    Step.REOPEN: NoFields,
    Step.FEEDBACK: steps.Feedback,
}

_KINDS: Final[Mapping[Kind, Bodies]] = {
    Kind.INFORMATION_NOTICE: {
        Step.OPEN: requests.InformationNotice,
        Step.FEEDBACK: steps.Feedback,
    },
    Kind.VERIFICATION_REQUEST: {
        **_REQUEST,
        Step.OPEN: requests.VerificationRequest,
        Step.ANSWER: requests.VerificationAnswer,
    },
    Kind.WANTED_PERSON: {
        **_REQUEST,
        Step.OPEN: persons.WantedPerson,
        Step.LOCATE: persons.Located,
        Step.ARREST: persons.Arrested,
        Step.HAND_OVER: persons.WantedHandedOver,
    },
    Kind.HANDOVER: {
        **_CONSENT,
        Step.OPEN: persons.Handover,
        Step.SCHEDULE: persons.HandoverSchedule,
        Step.SIGN_MINUTES: persons.HandoverMinutes,
        Step.TRANSFER_ONWARD: Onward,
    },
    Kind.JOINT_CASE: {
        **_CONSENT,
        Step.OPEN: operations.JointCase,
        Step.JOIN: operations.JointCaseJoined,
        Step.DEPLOY_GROUP: operations.WorkingGroup,
        Step.PHASE_REPORT: operations.PhaseReport,
        Step.CLOSE: operations.JointCaseClosing,
    },
    Kind.PATROL: {
        **_CONSENT,
        Step.OPEN: operations.Patrol,
        Step.CONFIRM: operations.PatrolConfirmed,
        Step.COMPLETE: operations.PatrolDone,
        Step.SIGN_MINUTES: Minutes,
    },
    Kind.RESIDENCE_REFUSED: {
        **_CONSENT,
        Step.OPEN: persons.ResidenceRefused,
        Step.COORDINATE: persons.Coordination,
    },
    Kind.DEPORTATION: {
        **_CONSENT,
        Step.OPEN: persons.Deportation,
        Step.RECEIVE: persons.Reception,
        Step.TRANSFER_ONWARD: Onward,
    },
    Kind.PENALTY: {Step.OPEN: persons.Penalty},
    Kind.BRIEFING: {
        Step.OPEN: meetings.Briefing,
        Step.HOLD: meetings.BriefingHeld,
        Step.SIGN_MINUTES: Minutes,
        Step.RECORD_ACTION: meetings.ActionRecorded,
        Step.COMPLETE_ACTION: meetings.ActionCompleted,
    },
    Kind.CONTACT_CHANGE: {
        Step.OPEN: adm.ContactChange,
        Step.DECLINE: steps.DeclineReason,
        Step.VERIFY_CHANGE: adm.ContactVerified,
    },
    Kind.URGING: {Step.OPEN: requests.Urging},
    Kind.DOCUMENT: {**_REQUEST, Step.OPEN: requests.ExchangeDocument},
    Kind.AGREEMENT: {
        **_CONSENT,
        Step.OPEN: adm.AgreementText,
        Step.SIGN: adm.AgreementSigned,
        Step.BRING_INTO_FORCE: adm.AgreementInForce,
        Step.REPLACE: adm.AgreementReplaced,
    },
    Kind.DELEGATION: {
        **_CONSENT,
        Step.OPEN: meetings.Delegation,
        Step.APPROVE: meetings.DelegationApproved,
        Step.TRAVEL: meetings.DelegationTravelled,
        Step.SUBMIT_REPORT: meetings.DelegationReport,
    },
    Kind.SUPPORT: {
        **_CONSENT,
        Step.OPEN: adm.Support,
        Step.SURVEY: adm.Surveyed,
        Step.BUILD: adm.Built,
        Step.HAND_OVER: adm.SupportHandedOver,
    },
    Kind.REPORT: {
        **_CONSENT,
        Step.OPEN: adm.ReportNotice,
        Step.REVIEW: adm.Reviewed,
        Step.SIGN: adm.ReportSigned,
        Step.FREEZE: adm.Frozen,
    },
}


def _build() -> BodyRegistry:
    """One schema per struct, so that one that many steps share is built once."""
    schemas: dict[type[MapStruct], BodySchema] = {}
    return BodyRegistry(
        {
            (kind, step): schemas.setdefault(body, BodySchema(body))
            for kind, own in _KINDS.items()
            for step, body in {**_EVERY, **own}.items()
        }
    )


BODIES: Final = _build()
"""The bodies of this program's version."""
