"""The parts of one link's worker that begin anew with each fold."""

from __future__ import annotations

from dataclasses import dataclass

from blo_processors.link.fold_state import LinkFoldState
from blo_processors.link.health import LinkHealth
from blo_processors.link.side_topics import SideTopics
from blo_processors.outputs.encode import OutputEncoder
from blo_processors.outputs.mark_table import KnownOutputs
from blo_processors.outputs.published import PublishedOutputs, PublishedOutputsReader
from blo_processors.outputs.reconcile import OutputReconciler
from blo_projection.granted_keys import GrantedKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkParts:
    """The parts.

    Attributes:
        state: The fold.
        granted: The summary keys.
        health: Watches the offices.
        side: Reads grants and heads.
        encoder: Makes the outputs' records.
        published: Reads the outputs back.
        known: The outputs that are known to be on the topics.
        reconciler: Decides which outputs are written.
        begun: The outputs that were on the topics when the fold began; of a fold that goes on from
            a stored state, those that came since.
        is_resumed: Whether the fold goes on from a stored state.
    """

    state: LinkFoldState
    granted: GrantedKeys
    health: LinkHealth
    side: SideTopics
    encoder: OutputEncoder
    published: PublishedOutputsReader
    known: KnownOutputs
    reconciler: OutputReconciler
    begun: PublishedOutputs
    is_resumed: bool
