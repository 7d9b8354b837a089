"""confluent-kafka's consumer in a group whose coordinator dies: reads until it has all records that were written.

Arguments: brokers, topic, records. It writes them itself, one every 20 ms. Prints "third" when it has read a third of
them; then, at the end, how long it was without any record at most, and each record as it was read: partition, offset,
value, and a line for each partition with what is committed.
"""

import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

# Errors of a commit that another attempt may mend.
PASSING = ["NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS", "_WAIT_COORD", "_TRANSPORT"]
brokers, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
failed = []


def delivered(error, message):
    if error is not None:
        failed.append(f"not delivered: {message.value()}: {error}")


def produce():
    producer = Producer(
        {
            "bootstrap.servers": brokers,
            "enable.idempotence": True,
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 200,
            "message.timeout.ms": 60000,
        }
    )
    for at in range(count):
        producer.produce(topic, value=str(at), partition=at % 3, callback=delivered)
        producer.poll(0.02)
    if producer.flush(60) != 0:
        failed.append("not everything was delivered")


consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": "g",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 200,
    }
)


def commit():
    """Commits what has been read, as soon as there is a coordinator that takes it."""
    until = time.monotonic() + 60
    while True:
        try:
            return consumer.commit(asynchronous=False)
        except KafkaException as error:
            if error.args[0].name() not in PASSING or time.monotonic() > until:
                raise
            time.sleep(0.05)


consumer.subscribe([topic])
writer = threading.Thread(target=produce)
writer.start()
read, values, is_told = [], set(), False
last, longest, until = time.monotonic(), 0, time.monotonic() + 120
while len(values) < count and time.monotonic() < until and not failed:
    message = consumer.poll(0.1)
    if message is None:
        continue
    if message.error():
        # What it recovers from by itself it tells, too.
        print(message.error(), file=sys.stderr)
        continue
    now = time.monotonic()
    longest = max(longest, now - last) if read else 0
    last = now
    read.append((message.partition(), message.offset(), message.value().decode()))
    values.add(read[-1][2])
    commit()
    if not is_told and len(values) >= count // 3:
        print("third", flush=True)
        is_told = True
writer.join()
if failed:
    raise SystemExit("\n".join(failed[:10]))
committed = consumer.committed([TopicPartition(topic, at) for at in range(3)], timeout=30)
print("gap", round(longest * 1000))
for partition, offset, value in read:
    print("read", partition, offset, value)
for partition in committed:
    print("committed", partition.partition, partition.offset)
consumer.close()
print("ok")
