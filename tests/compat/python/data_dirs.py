"""What goes into a data directory, and what is in it, over the wire.

    data_dirs.py write ENGINE BOOTSTRAP DATA_DIR ROUND BASE_MS
    data_dirs.py list ENGINE BOOTSTRAP

`write` adds a round of records of all kinds, commits, and changes of configs; `list` prints all there is as JSON, record by
record. Timestamps are given, so that segments roll by segment.ms: BASE_MS and an hour more for each step.
"""

import json
import os
import socket
import struct
import sys
import time
from pathlib import Path

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

COMMAND, ENGINE, BOOTSTRAP = sys.argv[1:4]
HOUR_MS = 3_600_000
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
INTERNAL = ["__consumer_offsets", "__transaction_state"]
SERVER = {"bootstrap.servers": BOOTSTRAP}
admin = AdminClient(SERVER)


def done(futures):
    return {key: future.result(30) for key, future in futures.items()}


def existing():
    return admin.list_topics(timeout=30).topics


# Writing


def producer(**settings):
    return Producer({**SERVER, "linger.ms": 50, **{key.replace("_", "."): value for key, value in settings.items()}})


def delivered(error, message):
    if error is not None:
        sys.exit(f"{message.topic()}-{message.partition()}: {error}")


def send(to, topic, partition, what, count, timestamp=0):
    """Records with and without keys, values and headers."""
    for at in range(count):
        to.produce(
            topic,
            partition=partition,
            key=None if at % 3 == 0 else f"{what} key {at % 7}".encode(),
            value=None if at % 5 == 4 else f"{what} {at} ".encode() + bytes([0, 255, at % 256]) * (at % 40),
            headers=[("h", b"1"), ("h", b"2"), ("null", None), ("", b"")] if at % 2 else [],
            timestamp=timestamp and timestamp + at,
            callback=delivered,
        )
    assert to.flush(30) == 0


def create_topics():
    rolling = {"segment.ms": str(HOUR_MS // 2), "index.interval.bytes": "200", "retention.ms": "-1"}
    stamped = {"message.timestamp.type": "LogAppendTime", "compression.type": "gzip", "max.message.bytes": "1234567"}
    done(
        admin.create_topics(
            [
                NewTopic("small", 2, 1, config=rolling),
                NewTopic("txn", 2, 1, config=rolling),
                NewTopic("stamped", 1, 1, config=stamped),
                NewTopic("wide.of_many-partitions-0", 5, 1),
            ]
        )
    )


def write_compacted(base_ms):
    """Lets Apache's cleaner compact a topic, and keeps it from doing so again."""
    policy = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.ms": "1000"}
    done(admin.create_topics([NewTopic("compacted", 1, 1, config=policy)]))
    for round_ in range(6):
        to = producer(enable_idempotence=True, compression_type=CODECS[round_ % 5])
        for key in range(20):
            to.produce(
                "compacted",
                key=str(key).encode(),
                value=f"{round_} {key}".encode() if key % 4 or round_ < 4 else None,
                timestamp=base_ms + round_ * HOUR_MS,
                callback=delivered,
            )
        assert to.flush(30) == 0
    deadline = time.monotonic() + 60
    while len(read("compacted", [0], "read_uncommitted")["0"]) > 40:
        assert time.monotonic() < deadline, "the cleaner did not come"
        time.sleep(0.2)
    alter(ConfigResource.Type.TOPIC, "compacted", "min.cleanable.dirty.ratio", "1.0")


def write_transactions(round_, base_ms):
    """Committed and aborted ones in several segments, others' records between them, and one that stays open."""
    alone = producer()
    for step, name in enumerate(["commit", "abort", "commit", "abort", "abort", "commit"]):
        to = producer(transactional_id=f"{name} {round_} {step}", compression_type=CODECS[step % 5])
        to.init_transactions(30)
        to.begin_transaction()
        for partition in (0, 1):
            send(to, "txn", partition, f"{round_} {name} {step}", 4, base_ms + step * HOUR_MS)
            send(alone, "txn", partition, f"{round_} alone {step}", 3, base_ms + step * HOUR_MS)
        offsets = [TopicPartition("small", 0, 10 * round_ + step), TopicPartition("small", 1, step)]
        to.send_offsets_to_transaction(offsets, metadata(f"in {name}s"), 30)
        to.commit_transaction(30) if name == "commit" else to.abort_transaction(30)
    commit("in the open", [TopicPartition("small", 0, 3)])
    # Whoever held it open before is fenced, and its transaction is aborted.
    to = producer(transactional_id="open", transaction_timeout_ms=900_000)
    to.init_transactions(30)
    to.begin_transaction()
    for partition in (0, 1):
        send(to, "txn", partition, f"{round_} open", 3, base_ms + 6 * HOUR_MS)
        send(alone, "txn", partition, f"{round_} after", 3, base_ms + 7 * HOUR_MS)
    to.send_offsets_to_transaction([TopicPartition("small", 0, 9)], metadata("in the open"), 30)
    return to


def metadata(group):
    consumer = Consumer({**SERVER, "group.id": group})
    try:
        return consumer.consumer_group_metadata()
    finally:
        consumer.close()


def commit(group, offsets):
    consumer = Consumer({**SERVER, "group.id": group, "enable.auto.commit": False})
    results = consumer.commit(offsets=offsets, asynchronous=False)
    assert all(result.error is None for result in results), results
    consumer.close()


def read_as_member(group, **settings):
    """Joins, reads something, commits, leaves."""
    fixed = {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({**SERVER, **fixed, **{key.replace("_", "."): value for key, value in settings.items()}})
    consumer.subscribe(["small", "wide.of_many-partitions-0"])
    messages, deadline = [], time.monotonic() + 30
    while not messages:
        assert time.monotonic() < deadline, f"{group} read nothing"
        messages = consumer.consume(25, 1)
    results = consumer.commit(asynchronous=False)
    assert all(result.error is None for result in results), results
    consumer.close()


def alter(kind, name, key, value):
    entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    done(admin.incremental_alter_configs([ConfigResource(kind, name, incremental_configs=[entry])]))


def write(data_dir, round_, base_ms):
    base_ms += round_ * 10 * HOUR_MS
    if "small" not in existing():
        create_topics()
        done(admin.create_topics([NewTopic("gone", 3, 1), NewTopic("again", 1, 1)]))
        send(producer(), "again", 0, "before", 30)
    for step, codec in enumerate(CODECS):
        to = producer(enable_idempotence=True, compression_type=codec)
        for partition in (0, 1):
            send(to, "small", partition, f"{round_} {codec}", 30, base_ms + step * HOUR_MS)
        send(to, "stamped", 0, f"{round_} {codec}", 10)
        for partition in range(5):
            send(to, "wide.of_many-partitions-0", partition, f"{round_} {codec}", 2)
    again(data_dir, "small", 0)
    done(admin.delete_records([TopicPartition("small", 1, 20 * round_ + 7)]))
    read_as_member("classic members")
    commit("alone", [TopicPartition("small", 0, round_, "said with it \N{SNOWMAN}"), TopicPartition("stamped", 0, 2)])
    alter(ConfigResource.Type.TOPIC, "small", "max.message.bytes", str(1_000_000 + round_))
    alter(ConfigResource.Type.BROKER, "1", "log.cleaner.backoff.ms", str(100 + round_))
    alter_all_brokers("log.retention.ms", str(10**10 + round_))
    done(admin.delete_topics(["again", f"gone-{round_ - 1}" if round_ else "gone"]))
    done(admin.create_topics([NewTopic("again", 1, 1), NewTopic(f"gone-{round_}", 1, 1)]))
    done(admin.create_partitions([NewPartitions("wide.of_many-partitions-0", 6 + round_)]))
    send(producer(), "again", 0, f"{round_} again", 2)
    if ENGINE == "apache":
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
        upsertion = UserScramCredentialUpsertion(f"user {round_}", credential, b"secret")
        done(admin.alter_user_scram_credentials([upsertion]))
        read_as_member("new members", group_protocol="consumer")
        if "compacted" not in existing():
            write_compacted(base_ms)
        opened = write_transactions(round_, base_ms)
        assert opened is not None
    else:
        read_as_member("new members")


# What no client offers: a batch sent twice, a config of all brokers, what is known of producers.


def exchange(request):
    host, port = BOOTSTRAP.split(":")
    with socket.create_connection((host, int(port)), 30) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        stream = connection.makefile("rb")
        (size,) = struct.unpack(">i", stream.read(4))
        return stream.read(size)


def last_batches(directory):
    """The last batch of each idempotent producer in a partition's files: base offset and bytes."""
    found = {}
    for path in sorted(Path(directory).glob("*.log")):
        data, at = path.read_bytes(), 0
        while at + 61 <= len(data):
            base_offset, length = struct.unpack_from(">qi", data, at)
            if length == 0:
                break
            producer_id, epoch = struct.unpack_from(">qh", data, at + 43)
            if producer_id >= 0:
                found[producer_id] = (base_offset, bytes(8) + data[at + 8 : at + 12 + length])
            at += 12 + length
    return found.values()


def again(data_dir, topic, partition):
    """Sends what is there already; the broker says where it is and writes nothing."""
    batches = last_batches(f"{data_dir}/{topic}-{partition}")
    assert batches
    name = topic.encode()
    for base_offset, batch in batches:
        head = struct.pack(">hhih", 0, 7, 1, -1) + struct.pack(">hhii", -1, -1, 30_000, 1)
        body = struct.pack(">h", len(name)) + name + struct.pack(">iii", 1, partition, len(batch)) + batch
        answer = exchange(head + body)
        at = 4 + 4 + 2 + len(name) + 4 + 4
        error, offset = struct.unpack_from(">hq", answer, at)
        assert (error, offset) == (0, base_offset), (error, offset, base_offset)


def alter_all_brokers(key, value):
    text = lambda text: struct.pack(">h", len(text)) + text.encode()
    body = struct.pack(">ib", 1, 4) + text("") + struct.pack(">i", 1) + text(key) + b"\0" + text(value) + b"\0"
    answer = exchange(struct.pack(">hhih", 44, 0, 1, -1) + body)
    (error,) = struct.unpack_from(">h", answer, 12)
    assert error == 0, error


def describe_producers(topic, partition):
    name = topic.encode()
    head = struct.pack(">hhih", 61, 0, 1, -1) + b"\0"
    body = bytes([2, len(name) + 1]) + name + bytes([2]) + struct.pack(">i", partition) + b"\0\0"
    answer = exchange(head + body)
    at = 4 + 1 + 4 + 1 + 1 + len(name) + 1 + 4
    (error,) = struct.unpack_from(">h", answer, at)
    assert error == 0, error
    at += 2 + 1
    count, shift = 0, 0
    while True:
        byte = answer[at]
        at += 1
        count, shift = count | (byte & 127) << shift, shift + 7
        if byte < 128:
            break
    found = []
    for _ in range(count - 1):
        found.append(struct.unpack_from(">qiiqiq", answer, at))
        at += 8 + 4 + 4 + 8 + 4 + 8 + 1
    return sorted(found)


# Listing


def hexed(data):
    return None if data is None else data.hex()


def read(topic, partitions, isolation):
    """All records of partitions, from their first to the end that the isolation level shows."""
    settings = {"group.id": "nobody", "enable.auto.commit": False, "enable.partition.eof": True}
    consumer = Consumer({**SERVER, **settings, "isolation.level": isolation, "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    found = {str(partition): [] for partition in partitions}
    left, deadline = set(partitions), time.monotonic() + 60
    while left:
        assert time.monotonic() < deadline, f"{topic} {sorted(left)} has no end"
        for message in consumer.consume(10_000, 0.1):
            if message.error() is None:
                record = [message.offset(), *message.timestamp(), message.leader_epoch()]
                record += [hexed(message.key()), hexed(message.value())]
                record += [[name, hexed(value)] for name, value in message.headers() or []]
                found[str(message.partition())].append(record)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition())
            else:
                sys.exit(str(message.error()))
    consumer.close()
    return found


def offsets(topic, partitions, spec, isolation):
    asked = {TopicPartition(topic, partition): spec for partition in partitions}
    results = done(admin.list_offsets(asked, isolation_level=isolation))
    return {str(key.partition): [found.offset, found.timestamp, found.leader_epoch] for key, found in results.items()}


def list_topic(topic, partitions, base_ms):
    committed, uncommitted = IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED
    by_time = {
        str(hour): offsets(topic, partitions, OffsetSpec.for_timestamp(base_ms + hour * HOUR_MS + 5), uncommitted)
        for hour in (4, 12, 24)
    }
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    configs = done(admin.describe_configs([resource]))[resource]
    return {
        "read_uncommitted": read(topic, partitions, "read_uncommitted"),
        "read_committed": read(topic, partitions, "read_committed"),
        "earliest": {key: found[0] for key, found in offsets(topic, partitions, OffsetSpec.earliest(), uncommitted).items()},
        "latest": {key: found[0] for key, found in offsets(topic, partitions, OffsetSpec.latest(), uncommitted).items()},
        "stable": {key: found[0] for key, found in offsets(topic, partitions, OffsetSpec.latest(), committed).items()},
        "max timestamp": offsets(topic, partitions, OffsetSpec.max_timestamp(), uncommitted),
        "by time": by_time,
        "producers": {str(partition): describe_producers(topic, partition) for partition in partitions},
        "configs": {name: [entry.value, entry.source] for name, entry in configs.items()},
    }


def list_groups():
    """All groups, once the coordinators have read them in."""
    deadline = time.monotonic() + 60
    while (listed := admin.list_consumer_groups().result(30)).errors:
        assert time.monotonic() < deadline, listed.errors
        time.sleep(0.1)
    return sorted(group.group_id for group in listed.valid)


def list_group(group):
    asked = [ConsumerGroupTopicPartitions(group)]
    found = admin.list_consumer_group_offsets(asked, require_stable=False)[group].result(30)
    return sorted([p.topic, p.partition, p.offset, p.leader_epoch, p.metadata] for p in found.topic_partitions)


def dynamic_configs():
    resource = ConfigResource(ConfigResource.Type.BROKER, "1")
    configs = done(admin.describe_configs([resource]))[resource]
    # DYNAMIC_BROKER_CONFIG and DYNAMIC_DEFAULT_BROKER_CONFIG
    return {name: [entry.value, entry.source] for name, entry in configs.items() if entry.source in (2, 3)}


def list_all(base_ms):
    topics = {name: sorted(topic.partitions) for name, topic in existing().items()}
    ids = {name: str(topic.topic_id) for name, topic in done(admin.describe_topics(TopicCollection(list(topics)))).items()}
    return {
        "cluster": admin.describe_cluster().result(30).cluster_id,
        "ids": ids,
        "topics": {n: list_topic(n, p, base_ms) for n, p in sorted(topics.items()) if n not in INTERNAL},
        "internal": {n: read(n, p, "read_uncommitted") for n, p in sorted(topics.items()) if n in INTERNAL},
        # A group that has committed nothing may be forgotten.
        "groups": {group: found for group in list_groups() if (found := list_group(group))},
        "dynamic configs": dynamic_configs(),
        "users": users() if ENGINE == "apache" else None,
    }


def users():
    described = admin.describe_user_scram_credentials().result(30)
    return sorted(described)


if COMMAND == "write":
    write(sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
else:
    json.dump(list_all(int(sys.argv[4])), sys.stdout, indent=1, sort_keys=True)
sys.stdout.flush()
# A producer that ends in order would end its transaction, too.
os._exit(0)
