"""The log on Apache Kafka, by aiokafka."""

from blo_log.kafka.connection import KafkaConnection
from blo_log.kafka.log import KafkaLog

__all__ = ["KafkaConnection", "KafkaLog"]
