"""What ``blo topics`` prints as JSON; docs/cli.md is made from these classes.

A field is added, never renamed or given another meaning. Instants are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class TopicForm(msgspec.Struct, frozen=True):
    """A topic as planned.

    Attributes:
        name: Its name.
        partitions: How many partitions it has.
        replication: How many copies of each.
        config: Kafka's settings of the topic.
    """

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


class AppliedTopics(msgspec.Struct, frozen=True):
    """What was done to the topics.

    Attributes:
        done: What was made, in words.
        differences: Topics with other settings, in words; then nothing was done.
    """

    done: list[str]
    differences: list[str]
