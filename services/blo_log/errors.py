"""The errors of the log; each says what to do.

.. code-block:: text

    LogError
    ├── AppendFailed            not all records were acknowledged: says which, and the reason
    ├── BrokerUnreachable       no connection, or no answer in time; try again later
    ├── LogUnavailable          connected, but the log cannot serve now; try again later
    ├── PlainTextRefused        another machine is never spoken to without TLS
    ├── NotAuthorised           the topic's access rights do not allow it
    ├── TopicMissing            no such topic or partition
    ├── TopicExists             there already is such a topic
    ├── TopicRefused            the log does not accept such a topic
    ├── TopicMisfit             a topic is not as the plan says
    │   └── WrongTimestampType  its log times come from the other clock
    ├── TopicsDiffer            topics are not as planned, in ways that are never changed
    ├── LogTruncated            records that must be there are not
    ├── RecordTooLarge          more bytes than the log takes
    ├── RecordRefused           the log does not accept the record, and says why
    │   └── TimestampRefused    its time is too far from the broker's
    └── LogFault                anything else: a defect here or there

An error with ``transient`` set passes by itself, so the request can be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class LogError(Exception):
    """The base of all errors of this package.

    Attributes:
        transient: Whether it passes by itself.
    """

    transient: bool = False


class AppendFailed(LogError):
    """Not all records of one ``append`` were acknowledged.

    The others may be in the log all the same: resend the same bytes in the same order; readers drop
    duplicates.

    It passes by itself if its cause does.

    Attributes:
        acknowledged: The offset of each acknowledged record, by its index in the call. Within a
            partition these are the first records.
        total: The number of records of the call.
        cause: Why the others were not acknowledged.
        index: The index of the record at fault, if there is one; it will fail again.
    """

    def __init__(
        self,
        cause: LogError,
        *,
        acknowledged: Mapping[int, int],
        total: int,
        index: int | None = None,
    ) -> None:
        self.cause = cause
        self.transient = cause.transient
        self.acknowledged = dict(acknowledged)
        self.total = total
        self.index = index
        at_fault = "" if index is None else f", record {index} at fault"
        super().__init__(f"{len(self.acknowledged)} of {total} records appended{at_fault}: {cause}")

    @property
    def unacknowledged(self) -> list[int]:
        """The indexes to send again, in order."""
        return [index for index in range(self.total) if index not in self.acknowledged]


class BrokerUnreachable(LogError):
    """No connection to the log, or no answer in time.

    Attributes:
        bootstrap: The address that was tried.
    """

    transient = True

    def __init__(self, bootstrap: str, detail: str, *, tls: bool = False) -> None:
        self.bootstrap = bootstrap
        check = "is the broker running there, and can this machine reach the address?"
        if tls:
            check += (
                " The client sees no difference between that and a TLS mistake: check that the"
                " listener speaks TLS, that it trusts the authority of this certificate, and that"
                " the broker's certificate names this host"
            )
        else:
            check += " If the listener speaks TLS, certificates are needed"
        super().__init__(f"no answer from Kafka at {bootstrap} ({detail}): {check}")


class LogUnavailable(LogError):
    """The log is there but cannot serve now: no leader, or too few in-sync copies."""

    transient = True


class PlainTextRefused(LogError):
    """A broker on another machine is never spoken to without TLS."""

    def __init__(self, server: str) -> None:
        super().__init__(
            f"{server} is another machine, and no TLS is configured; name a configuration with "
            "[kafka.tls] by --config"
        )


class NotAuthorised(LogError):
    """The access rights do not allow the request.

    Attributes:
        topic: The topic, where it is one.
    """

    def __init__(self, topic: str, detail: str = "") -> None:
        self.topic = topic
        super().__init__(
            f"this client may not do that on {topic or 'the cluster'}"
            f"{f' ({detail})' if detail else ''}: the operator grants rights by certificate and"
            " topic; is this the right certificate?"
        )


class TopicMissing(LogError):
    """There is no such topic, or no such partition in it.

    Attributes:
        topic: Its name.
        partition: The partition, if the topic is there without it.
    """

    def __init__(self, topic: str, partition: int | None = None) -> None:
        self.topic = topic
        self.partition = partition
        what = f"topic {topic}" if partition is None else f"partition {partition} of {topic}"
        super().__init__(f"{what} is not there: run `blo topics apply`")


class TopicExists(LogError):
    """There already is a topic of that name."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        super().__init__(f"topic {topic} is there already")


class TopicRefused(LogError):
    """The log does not accept a topic as planned.

    Attributes:
        topic: Its name.
    """

    def __init__(self, topic: str, detail: str) -> None:
        self.topic = topic
        super().__init__(f"topic {topic} was refused: {detail}")


class TopicMisfit(LogError):
    """A topic is not as planned; this program never changes it.

    Attributes:
        topic: Its name.
    """

    def __init__(self, topic: str, detail: str) -> None:
        self.topic = topic
        super().__init__(f"topic {topic}: {detail}")


class WrongTimestampType(TopicMisfit):
    """Its log times come from the other clock: simulated where real ones are needed, or reverse."""


class TopicsDiffer(LogError):
    """Topics are not as planned, in ways that this program never changes.

    Attributes:
        differences: One line each.
    """

    def __init__(self, differences: Sequence[str]) -> None:
        self.differences = list(differences)
        super().__init__(
            f"{'; '.join(self.differences)}. Nothing was changed: topics hold the only truth, so"
            " correct the plan, or have the operator correct the topics"
        )


class LogTruncated(LogError):
    """Records that must be there are not: the log was shortened, or made anew.

    Attributes:
        topic: The topic.
        partition: The partition.
        offset: The offset that was wanted.
        begin: The first offset that is still there, if that is known.
    """

    def __init__(
        self, topic: str, partition: int, offset: int, detail: str, *, begin: int | None = None
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.begin = begin
        super().__init__(
            f"{topic}/{partition} has no offset {offset}: {detail}. The log is kept for ever, so"
            " something removed its records; do not go on: ask the operator, and compare with the"
            " counterpart's heads"
        )


class RecordTooLarge(LogError):
    """A record has more bytes than the log takes.

    Attributes:
        topic: Its topic.
        size: Its size in bytes, framing included; 0 if only the broker knows.
        limit: The most that is taken, in bytes; 0 if only the broker knows.
    """

    def __init__(self, topic: str, size: int = 0, limit: int = 0) -> None:
        self.topic = topic
        self.size = size
        self.limit = limit
        how = f"{size} bytes, at most {limit}" if size else "more than the topic's limit"
        super().__init__(f"a record for {topic} is too large: {how}")


class RecordRefused(LogError):
    """The log does not accept a record, for its timestamp or for want of a key, for instance."""

    def __init__(self, topic: str, detail: str) -> None:
        self.topic = topic
        super().__init__(f"a record for {topic} was refused: {detail}")


class TimestampRefused(RecordRefused):
    """A record's time is too far from the broker's: one of the two clocks is wrong."""


class LogFault(LogError):
    """Anything else: a defect in this program, the client library, or the broker."""
