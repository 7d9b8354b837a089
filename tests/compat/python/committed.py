"""Transactions one after the other, every third aborted, with records that belong to none between them. Arguments: bootstrap
servers, topic, how many."""

import sys

from confluent_kafka import Producer

BOOTSTRAP, TOPIC, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])

plain = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 0})
inside = Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": "mirrored", "compression.type": "lz4"})
inside.init_transactions(30)
for number in range(COUNT):
    inside.begin_transaction()
    for record in range(5):
        inside.produce(TOPIC, key=f"k{record}", value=f"{number}-{record}", partition=0)
    assert inside.flush(30) == 0
    plain.produce(TOPIC, key="plain", value=f"plain {number}", partition=0)
    assert plain.flush(30) == 0
    if number % 3 == 2:
        inside.abort_transaction(30)
    else:
        inside.commit_transaction(30)
