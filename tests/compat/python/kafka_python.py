"""kafka-python: its own codecs and its own group protocol, nothing shared with librdkafka or Java."""

import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

bootstrap = sys.argv[1]
admin = KafkaAdminClient(bootstrap_servers=bootstrap)
admin.create_topics([NewTopic("t", num_partitions=3, replication_factor=-1)])

sent = set()
for codec in [None, "gzip"]:
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", compression_type=codec)
    futures = []
    for at in range(500):
        value = f"{codec} {at}".encode()
        futures.append(producer.send("t", key=str(at).encode(), value=value, headers=[("h", b"x")]))
        sent.add(value)
    for future in futures:
        future.get(timeout=30)
    producer.close()

consumer = KafkaConsumer(
    "t", bootstrap_servers=bootstrap, group_id="g", auto_offset_reset="earliest", enable_auto_commit=False
)
read = set()
while read != sent:
    for records in consumer.poll(timeout_ms=1000).values():
        for record in records:
            assert [(key, bytes(value)) for key, value in record.headers] == [("h", b"x")], record
            read.add(record.value)
consumer.commit()
ends = consumer.end_offsets([TopicPartition("t", at) for at in range(3)])
assert sum(ends.values()) == len(sent), ends
for partition, end in ends.items():
    assert (consumer.committed(partition) or 0) == end, partition
consumer.close()
admin.delete_topics(["t"])
admin.close()
print("ok")
