"""What can go wrong with a broker of our own, each with what to do next.

BrokerError
├── KafkaNotFoundError     no jars: the message names the command that gets them
├── JavaNotFoundError      no Java: the message names the ways to say where it is
├── BrokerStartError       it died or never answered: the message ends with its last log lines
└── BrokerNotRunningError  the one asked for is gone, or its process is somebody else's by now
"""


class BrokerError(Exception):
    """Anything that keeps a broker from starting, answering or being found."""


class KafkaNotFoundError(BrokerError):
    """There is no Kafka to start."""


class JavaNotFoundError(BrokerError):
    """There is no Java to start Kafka with."""


class BrokerStartError(BrokerError):
    """The broker died, or did not answer in time."""


class BrokerNotRunningError(BrokerError):
    """No broker runs here, or not the one that was started here."""
