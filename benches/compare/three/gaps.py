"""Writes to each partition of a topic every few milliseconds with acks=all, and says which one was acknowledged.

gaps.py BOOTSTRAP TOPIC PARTITIONS
"""

import sys
import time

from confluent_kafka import Producer

PACE_S = 0.005
BACKOFF_MS = 20


def main(bootstrap, topic, partitions):
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 0,
            "message.timeout.ms": 120_000,
            "retry.backoff.ms": BACKOFF_MS,
            "retry.backoff.max.ms": BACKOFF_MS,
            "reconnect.backoff.ms": BACKOFF_MS,
            "reconnect.backoff.max.ms": BACKOFF_MS,
        }
    )

    def told(error, message):
        print(f"failed {error}" if error else message.partition(), flush=True)

    while True:
        for partition in range(partitions):
            producer.produce(topic, value=b"value", partition=partition, on_delivery=told)
        producer.poll(PACE_S)
        time.sleep(PACE_S)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
