"""Transactions that are committed, aborted and left open. Argument: bootstrap servers. Ends once stdin does."""

import sys

from confluent_kafka import Producer

TOPIC = "t"
BOOTSTRAP = sys.argv[1]


def begin(name):
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": name, "linger.ms": 0})
    producer.init_transactions(30)
    producer.begin_transaction()
    return producer


def write(producer, value):
    producer.produce(TOPIC, value=value, partition=0)
    assert producer.flush(30) == 0


first, second = begin("first"), begin("second")
write(first, "aborted 1")
write(second, "committed 1")
write(first, "aborted 2")
first.abort_transaction(30)
second.commit_transaction(30)
first.begin_transaction()
write(first, "committed 2")
first.commit_transaction(30)
last = begin("last")
write(last, "open")
print("ok", flush=True)
sys.stdin.read()
