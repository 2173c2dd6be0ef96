"""A real Kafka broker for the demo, the lab and the tests, with nothing left behind.

``EmbeddedBroker`` starts one on free loopback ports and owns its process; ``EmbeddedCluster`` starts
several that are one Kafka; ``external_broker`` stands for one that is already running and belongs to
somebody else.
"""

from blo_lab.broker.cluster import EmbeddedCluster
from blo_lab.broker.embedded import EmbeddedBroker
from blo_lab.broker.errors import (
    BrokerError,
    BrokerNotRunningError,
    BrokerStartError,
    JavaNotFoundError,
    KafkaNotFoundError,
)
from blo_lab.broker.external import Broker, ExternalBroker, external_broker
from blo_lab.broker.libraries import KafkaLibraries, find_kafka

__all__ = [
    "Broker",
    "BrokerError",
    "BrokerNotRunningError",
    "BrokerStartError",
    "EmbeddedBroker",
    "EmbeddedCluster",
    "ExternalBroker",
    "JavaNotFoundError",
    "KafkaLibraries",
    "KafkaNotFoundError",
    "external_broker",
    "find_kafka",
]
