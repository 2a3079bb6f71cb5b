"""Waits until `lifecycle.confirmations` says of every event named that it is confirmed.

`python - KAFKA SECONDS EVENT_ID…`, this file on standard input, in a container of our image: the consumer that Kafka
brings would cost a Java machine and its idle seconds each time.
"""

import asyncio
import json
import sys
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer


async def wait(kafka: str, missing: set[str]) -> None:
    """Takes out of `missing` what is confirmed; returns when nothing is left."""
    consumer = AIOKafkaConsumer("lifecycle.confirmations", bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        while missing:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                told = [json.loads(record.value) for record in records]
                missing -= {one["event"]["id"] for one in told if one.get("state") == "confirmed"}
    finally:
        await consumer.stop()


def main(kafka: str, seconds: str, event_ids: Sequence[str]) -> None:
    missing = set(event_ids)
    try:
        asyncio.run(asyncio.wait_for(wait(kafka, missing), float(seconds)))
    except TimeoutError:
        sys.exit(f"not confirmed within {seconds} s: {sorted(missing)}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
