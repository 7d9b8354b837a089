"""confluent-kafka's idempotent producer on a broker that is killed again and again.

Writes until told to stop by a line on stdin, then prints what was acknowledged, one line a record: partition, offset, value.
"""

import sys
import threading

from confluent_kafka import Producer

stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
acknowledged = []


def delivered(error, message):
    if error is not None:
        raise SystemExit(f"not delivered: {error}")
    acknowledged.append((message.partition(), message.offset(), message.value().decode()))


producer = Producer(
    {
        "bootstrap.servers": sys.argv[1],
        "enable.idempotence": True,
        "compression.type": sys.argv[2],
        "linger.ms": 2,
        "batch.num.messages": 50,
        "reconnect.backoff.ms": 5,
        "reconnect.backoff.max.ms": 50,
        "retry.backoff.ms": 10,
        "message.timeout.ms": 60000,
    }
)
at = 0
while not stop.is_set():
    if len(producer) < 2000:
        producer.produce("load", value=f"{sys.argv[4]} {at}", partition=at % int(sys.argv[3]), callback=delivered)
        at += 1
        producer.poll(0)
    else:
        producer.poll(0.01)
if producer.flush(60) != 0:
    raise SystemExit("not everything was delivered")
print(at)
for partition, offset, value in acknowledged:
    print(partition, offset, value)
