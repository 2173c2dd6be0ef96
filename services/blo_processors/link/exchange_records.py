"""The records of one link, read from its partition of the exchange topic."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from blo_log import topics
from blo_log.errors import LogError, LogTruncated
from blo_log.port import ConsumedRecord, TopicPartition, read_at, read_to_end
from blo_processors.context import WorkerContext
from blo_processors.outputs.encode import LinkPartition


class ExchangeRecords:
    """Reads the records of one link. While Kafka is away, it waits.

    Args:
        place: The link.
        context: The worker's services.

    Attributes:
        partition: The link's partition of the exchange topic.
    """

    def __init__(self, place: LinkPartition, context: WorkerContext) -> None:
        self.partition = TopicPartition(topics.exchange_topic(place.corridor), place.partition)
        self._link = place.link
        self._context = context

    async def read_from(self, position: int) -> AsyncIterator[list[ConsumedRecord]]:
        """The records from a position to the present end, in batches.

        Raises:
            LogTruncated: The log has lost records.
            LogError: They can't be read, and not because Kafka is away.
        """
        context = self._context
        while True:
            try:
                reader = await context.log.reader({self.partition: position})
                try:
                    async for batch in read_to_end(reader, max_records=context.options.batch):
                        records = batch[self.partition]
                        yield records
                        position = records[-1].offset + 1
                    context.line.works(self._link)
                    return
                finally:
                    await reader.close()
            except LogTruncated:
                raise
            except LogError as error:
                await context.line.failed(self._link, error)

    async def read_again(self, positions: Sequence[int]) -> list[ConsumedRecord]:
        """The records at these positions, which were read before; raises as ``read_from``."""

        async def attempt() -> list[ConsumedRecord]:
            reader = await self._context.log.reader({self.partition: positions[0]})
            try:
                return [record async for record in read_at(reader, self.partition, positions)]
            finally:
                await reader.close()

        return await self._context.line.keep_trying(self._link, attempt)


def consecutive_runs(records: Sequence[ConsumedRecord]) -> Iterator[list[ConsumedRecord]]:
    """The records in runs of consecutive offsets."""
    run: list[ConsumedRecord] = []
    for record in records:
        if run and record.offset != run[-1].offset + 1:
            yield run
            run = []
        run.append(record)
    if run:
        yield run
