"""The log of a link as a port, its adapters, and the topic plan.

The Kafka adapter (``blo_log.kafka``) and the memory adapter (``blo_log.memory``) are imported by
name, so that nobody pays for what is not used.
"""

from blo_log.errors import (
    AppendFailed,
    BrokerUnreachable,
    LogError,
    LogFault,
    LogTruncated,
    LogUnavailable,
    NotAuthorised,
    PlainTextRefused,
    RecordRefused,
    RecordTooLarge,
    TopicExists,
    TopicMisfit,
    TopicMissing,
    TopicRefused,
    TopicsDiffer,
    WrongTimestampType,
)
from blo_log.port import (
    MAX_RECORD_BYTES,
    Admin,
    Appender,
    ConsumedRecord,
    Log,
    LogReader,
    ProducerRecord,
    TopicPartition,
    TopicSpec,
    read_at,
    read_to_end,
)

__all__ = [
    "MAX_RECORD_BYTES",
    "Admin",
    "AppendFailed",
    "Appender",
    "BrokerUnreachable",
    "ConsumedRecord",
    "Log",
    "LogError",
    "LogFault",
    "LogReader",
    "LogTruncated",
    "LogUnavailable",
    "NotAuthorised",
    "PlainTextRefused",
    "ProducerRecord",
    "RecordRefused",
    "RecordTooLarge",
    "TopicExists",
    "TopicMisfit",
    "TopicMissing",
    "TopicPartition",
    "TopicRefused",
    "TopicSpec",
    "TopicsDiffer",
    "WrongTimestampType",
    "read_at",
    "read_to_end",
]
