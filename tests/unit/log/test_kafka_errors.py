"""Every error of aiokafka becomes one of this project's, with what to do next."""

from __future__ import annotations

import ssl

import pytest
from aiokafka import errors as kafka

from blo_log import (
    BrokerUnreachable,
    LogError,
    LogFault,
    LogUnavailable,
    NotAuthorised,
    PlainTextRefused,
    RecordTooLarge,
    TopicExists,
    TopicMissing,
    TopicRefused,
)
from blo_log.errors import TimestampRefused
from blo_log.kafka import KafkaConnection
from blo_log.kafka.errors import FAILURES, translate

CONNECTION = KafkaConnection(bootstrap="127.0.0.1:9093")
TOPIC = "blo.exchange.la-vn"


@pytest.mark.parametrize("server", ["broker.example:9093", "10.0.0.1:9092", "127.0.0.1:1,b:2"])
def test_another_machine_is_never_spoken_to_without_tls(server: str) -> None:
    with pytest.raises(PlainTextRefused, match="no TLS is configured"):
        KafkaConnection(bootstrap=server)
    KafkaConnection(bootstrap=server, ssl_context=ssl.create_default_context())
    KafkaConnection(bootstrap="localhost:1, [::1]:2,127.9.9.9:3")


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (kafka.KafkaConnectionError("Unable to bootstrap from …"), BrokerUnreachable),
        (kafka.KafkaTimeoutError(), BrokerUnreachable),
        (kafka.NodeNotReadyError(), BrokerUnreachable),
        (kafka.RequestTimedOutError(), BrokerUnreachable),
        (TimeoutError(), BrokerUnreachable),
        (ConnectionResetError(), BrokerUnreachable),
        (kafka.NotEnoughReplicasError(), LogUnavailable),
        (kafka.LeaderNotAvailableError(), LogUnavailable),
        (kafka.OutOfOrderSequenceNumber(), LogUnavailable),
        (kafka.TopicAuthorizationFailedError(TOPIC), NotAuthorised),
        (kafka.ClusterAuthorizationFailedError(), NotAuthorised),
        (kafka.UnknownTopicOrPartitionError(), TopicMissing),
        (kafka.TopicAlreadyExistsError(), TopicExists),
        (kafka.InvalidReplicationFactorError(), TopicRefused),
        (kafka.MessageSizeTooLargeError(), RecordTooLarge),
        (kafka.InvalidTimestampError(), TimestampRefused),
        (kafka.UnsupportedVersionError(), LogFault),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_an_error_is_translated(raised: Exception, expected: type[LogError]) -> None:
    assert isinstance(raised, FAILURES)
    assert type(translate(raised, CONNECTION, TOPIC)) is expected


def test_only_what_passes_by_itself_is_worth_repeating() -> None:
    transient = {error for error in LogError.__subclasses__() if error.transient}
    assert transient == {BrokerUnreachable, LogUnavailable}


def test_an_unreachable_broker_is_named_with_what_to_check() -> None:
    said = str(translate(kafka.KafkaConnectionError(), CONNECTION))
    assert "127.0.0.1:9093" in said
    assert "If the listener speaks TLS, certificates are needed" in said


def test_with_tls_the_message_says_that_any_tls_mistake_looks_like_this() -> None:
    connection = KafkaConnection(bootstrap="b:9093", ssl_context=ssl.create_default_context())
    said = str(translate(kafka.KafkaConnectionError(), connection))
    for check in ("listener speaks TLS", "authority of this certificate", "names this host"):
        assert check in said


def test_a_refused_topic_is_named() -> None:
    assert TOPIC in str(translate(kafka.TopicAuthorizationFailedError(), CONNECTION, TOPIC))
    assert "blo topics apply" in str(
        translate(kafka.UnknownTopicOrPartitionError(), CONNECTION, TOPIC)
    )
