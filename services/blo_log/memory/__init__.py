"""The log in memory: for tests, and for trying things without Kafka.

A ``MemoryCluster`` is what Kafka would be, and each ``MemoryLog`` is one client of it, whose line
can be cut and whose appends can be made to fail. Nothing is kept, and nothing is ever compacted.
"""

from blo_log.memory.cluster import MemoryCluster
from blo_log.memory.faults import Faults
from blo_log.memory.log import MemoryLog

__all__ = ["Faults", "MemoryCluster", "MemoryLog"]
