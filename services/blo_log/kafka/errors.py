"""The translation of aiokafka's errors."""

from __future__ import annotations

from typing import Final

from aiokafka import errors as kafka

from blo_log.errors import (
    BrokerUnreachable,
    LogError,
    LogFault,
    LogUnavailable,
    NotAuthorised,
    RecordRefused,
    RecordTooLarge,
    TimestampRefused,
    TopicExists,
    TopicMissing,
    TopicRefused,
)
from blo_log.kafka.connection import KafkaConnection

FAILURES: Final = (kafka.KafkaError, kafka.ConsumerStoppedError, OSError, TimeoutError)
"""The exceptions of aiokafka's calls, except those of programming errors."""

_UNREACHABLE = (
    kafka.KafkaConnectionError,
    kafka.KafkaTimeoutError,
    kafka.KafkaUnavailableError,
    kafka.MetadataEmptyBrokerList,
    kafka.NoBrokersAvailable,
    kafka.NodeNotReadyError,
    kafka.RequestTimedOutError,
    kafka.StaleMetadata,
    OSError,
    TimeoutError,
)
_NOT_AUTHORISED = (
    kafka.TopicAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
)
_UNAVAILABLE = (
    kafka.BrokerNotAvailableError,
    kafka.KafkaStorageError,
    kafka.LeaderNotAvailableError,
    kafka.NotControllerError,
    kafka.NotEnoughReplicasAfterAppendError,
    kafka.NotEnoughReplicasError,
    kafka.NotLeaderForPartitionError,
    kafka.ReplicaNotAvailableError,
    # The broker no longer knows this producer's sequence: the next producer begins a new one.
    kafka.DuplicateSequenceNumber,
    kafka.InvalidProducerEpoch,
    kafka.OutOfOrderSequenceNumber,
    kafka.ProducerFenced,
    kafka.UnknownProducerId,
)
_TOO_LARGE = (kafka.MessageSizeTooLargeError, kafka.RecordListTooLargeError)
_TOPIC_REFUSED = (
    kafka.InvalidConfigurationError,
    kafka.InvalidPartitionsError,
    kafka.InvalidReplicationAssignmentError,
    kafka.InvalidReplicationFactorError,
    kafka.InvalidRequestError,
    kafka.PolicyViolationError,
)


def translate(error: BaseException, connection: KafkaConnection, topic: str = "") -> LogError:
    """Translate an exception of aiokafka.

    Args:
        error: What it raised.
        connection: The connection it was raised on.
        topic: The topic it concerned, if any.

    Returns:
        The error to raise from it.
    """
    detail = str(error) or type(error).__name__
    if isinstance(error, LogError):
        return error
    if isinstance(error, _UNREACHABLE):
        return BrokerUnreachable(
            connection.bootstrap, detail, tls=connection.ssl_context is not None
        )
    if isinstance(error, _NOT_AUTHORISED):
        return NotAuthorised(topic, type(error).__name__)
    if isinstance(error, kafka.UnknownTopicOrPartitionError | kafka.InvalidTopicError):
        return TopicMissing(topic)
    if isinstance(error, kafka.TopicAlreadyExistsError):
        return TopicExists(topic)
    if isinstance(error, _UNAVAILABLE):
        return LogUnavailable(f"Kafka at {connection.bootstrap} cannot serve {topic}: {detail}")
    if isinstance(error, _TOO_LARGE):
        return RecordTooLarge(topic)
    return _refusal(error, topic, detail)


def _refusal(error: BaseException, topic: str, detail: str) -> LogError:
    if isinstance(error, kafka.InvalidTimestampError):
        return TimestampRefused(topic, f"{detail}: is this machine's clock right?")
    if isinstance(error, kafka.CorruptRecordException):
        return RecordRefused(topic, detail)
    if isinstance(error, _TOPIC_REFUSED):
        return TopicRefused(topic, detail)
    return LogFault(f"unexpected answer about {topic or 'the cluster'}: {detail}")
