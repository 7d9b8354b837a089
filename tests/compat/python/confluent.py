"""confluent-kafka: admin calls, an idempotent producer with each codec, a group of two, seeking by time."""

import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

bootstrap = {"bootstrap.servers": sys.argv[1]}
admin = AdminClient(bootstrap)


def done(futures):
    for future in futures.values():
        future.result(30)


done(admin.create_topics([NewTopic("t", 3, -1, config={"retention.ms": "86400000"})]))
try:
    done(admin.create_topics([NewTopic("t", 3, -1)]))
    raise SystemExit("a topic was created twice")
except KafkaException as error:
    assert error.args[0].name() == "TOPIC_ALREADY_EXISTS", error
done(admin.create_partitions([NewPartitions("t", 4)]))
resource = ConfigResource(ConfigResource.Type.TOPIC, "t")
# A node that is asked may hear of the topic a moment after the controller has it.
for _ in range(100):
    try:
        configs = admin.describe_configs([resource])[resource].result(30)
        break
    except KafkaException as error:
        assert error.args[0].name() == "UNKNOWN_TOPIC_OR_PART", error
        time.sleep(0.1)
assert configs["retention.ms"].value == "86400000", configs["retention.ms"]

sent = {}


def delivered(error, message):
    assert error is None, error
    sent[message.value()] = (message.partition(), message.offset())


for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
    producer = Producer({**bootstrap, "enable.idempotence": True, "compression.type": codec, "linger.ms": 5})
    for at in range(1000):
        value = f"{codec} {at}".encode()
        producer.produce("t", key=str(at % 10), value=value, headers=[("h", b"1"), ("h", b"2")], callback=delivered)
    assert producer.flush(30) == 0
assert len(sent) == 5000

settings = {**bootstrap, "group.id": "g", "auto.offset.reset": "earliest", "enable.auto.commit": False}
consumers = [Consumer({**settings, "client.id": f"c{at}"}) for at in range(2)]
for consumer in consumers:
    consumer.subscribe(["t"])
read = {}
while len(read) < len(sent):
    for consumer in consumers:
        for message in consumer.consume(500, 0.5):
            assert message.error() is None, message.error()
            assert message.headers() == [("h", b"1"), ("h", b"2")], message.headers()
            read[message.value()] = (message.partition(), message.offset())
assert read == sent
ends = {}
for partition, offset in read.values():
    ends[partition] = max(ends.get(partition, 0), offset + 1)
for consumer in consumers:
    # One that took a partition over starts it anew, so its own position may lie before what both have read.
    mine = [TopicPartition("t", at.partition, ends.get(at.partition, 0)) for at in consumer.assignment()]
    if mine:
        consumer.commit(offsets=mine, asynchronous=False)
    consumer.close()

again = Consumer(settings)
committed = again.committed([TopicPartition("t", at) for at in range(4)], 30)
assert sum(max(partition.offset, 0) for partition in committed) == 5000, committed
times = again.offsets_for_times([TopicPartition("t", at, 0) for at in range(4)], 30)
assert all(partition.offset == 0 or again.get_watermark_offsets(partition)[1] == 0 for partition in times), times
again.close()

groups = admin.list_consumer_groups().result(30)
assert [group.group_id for group in groups.valid] == ["g"], groups.valid
done(admin.delete_consumer_groups(["g"]))
done(admin.delete_topics(["t"]))
print("ok")
