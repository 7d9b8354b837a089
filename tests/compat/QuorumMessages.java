import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.network.ListenerName;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.UnalignedMemoryRecords;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.raft.Endpoints;
import org.apache.kafka.raft.RaftUtil;
import org.apache.kafka.raft.ReplicaKey;
import org.apache.kafka.server.common.OffsetAndEpoch;

/** Prints random requests and answers of a quorum, and the frames that Apache Kafka's own classes make of them. */
public class QuorumMessages {
    static final TopicPartition PARTITION = new TopicPartition("__cluster_metadata", 0);
    static final String CLUSTER = "fMCL8kv1SWm87L_Md-I2hg";
    static final String[] LISTENERS = {"CONTROLLER", "CONTROLLER_SSL", "INTERNAL"};
    static final Errors[] ERRORS = {Errors.FENCED_LEADER_EPOCH, Errors.UNKNOWN_LEADER_EPOCH, Errors.NOT_LEADER_OR_FOLLOWER,
        Errors.INVALID_REQUEST, Errors.INVALID_VOTER_KEY, Errors.BROKER_NOT_AVAILABLE, Errors.SNAPSHOT_NOT_FOUND,
        Errors.POSITION_OUT_OF_RANGE};
    static Random random;

    static boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    static int id() {
        return oneIn(4) ? random.nextInt(Integer.MAX_VALUE) : random.nextInt(5);
    }

    static int epoch() {
        return 1 + (oneIn(4) ? random.nextInt(Integer.MAX_VALUE - 1) : random.nextInt(100));
    }

    static long offset() {
        return oneIn(4) ? random.nextLong() >>> 1 : random.nextInt(10000);
    }

    static ReplicaKey key() {
        return ReplicaKey.of(id(), oneIn(3) ? Uuid.ZERO_UUID : new Uuid(random.nextLong(), random.nextLong()));
    }

    static byte[] bytes() {
        byte[] out = new byte[oneIn(3) ? 0 : random.nextInt(300)];
        random.nextBytes(out);
        return out;
    }

    /** KafkaRaftClient leaves it out of its refusals, which then cannot be written at all: a NullPointerException. */
    static UnalignedMemoryRecords nothing() {
        return new UnalignedMemoryRecords(ByteBuffer.allocate(0));
    }

    static String text(ReplicaKey key) {
        Uuid dir = key.directoryId().orElse(ReplicaKey.NO_DIRECTORY_ID);
        return String.format("%d/%016x%016x", key.id(), dir.getMostSignificantBits(), dir.getLeastSignificantBits());
    }

    static Map<ListenerName, InetSocketAddress> listeners() {
        Map<ListenerName, InetSocketAddress> out = new LinkedHashMap<>();
        for (String name : LISTENERS) {
            String host = oneIn(2) ? "localhost" : "controller-" + id() + ".example.org";
            if (!oneIn(3)) out.put(ListenerName.normalised(name), InetSocketAddress.createUnresolved(host, random.nextInt(65536)));
        }
        return out;
    }

    static String text(Map<ListenerName, InetSocketAddress> listeners) {
        if (listeners.isEmpty()) return "-";
        return listeners.entrySet().stream()
            .map(e -> e.getKey().value() + "@" + e.getValue().getHostString() + "@" + e.getValue().getPort())
            .collect(Collectors.joining(","));
    }

    static String hex(byte[] bytes) {
        return bytes.length == 0 ? "-" : HexFormat.of().formatHex(bytes);
    }

    static String hex(ByteBuffer buffer) {
        byte[] out = new byte[buffer.remaining()];
        buffer.get(out);
        return hex(out);
    }

    static void request(ApiKeys key, short version, String fields, ApiMessage data) {
        RequestHeader header = new RequestHeader(key, version, "raft-client-1", 7);
        ByteBuffer frame = RequestUtils.serialize(header.data(), header.headerVersion(), data, version);
        System.out.println("request " + key.name + " version=" + version + " " + fields + " => " + hex(frame));
    }

    static void answer(String kind, ApiKeys key, short version, String fields, ApiMessage data) {
        ResponseHeader header = new ResponseHeader(7, key.responseHeaderVersion(version));
        ByteBuffer frame = RequestUtils.serialize(header.data(), header.headerVersion(), data, version);
        System.out.println(kind + " " + key.name + " version=" + version + " " + fields + " => " + hex(frame));
    }

    public static void main(String[] args) {
        random = new Random(Long.parseLong(args[0]));
        int rounds = Integer.parseInt(args[1]);
        ApiKeys[] keys = {ApiKeys.VOTE, ApiKeys.BEGIN_QUORUM_EPOCH, ApiKeys.END_QUORUM_EPOCH, ApiKeys.FETCH, ApiKeys.FETCH_SNAPSHOT};
        for (ApiKeys key : keys) {
            for (short version = key == ApiKeys.FETCH ? (short) 17 : 0; version <= key.latestVersion(); version++) {
                answer("error", key, version, "error=104", RaftUtil.errorResponse(key, Errors.INCONSISTENT_CLUSTER_ID));
                for (int round = 0; round < rounds; round++) {
                    request(key, version);
                    answer(key, version);
                }
            }
        }
        TopicPartition other = new TopicPartition("other", 3);
        for (short version = 0; version <= ApiKeys.FETCH_SNAPSHOT.latestVersion(); version++) {
            answer("unknown", ApiKeys.FETCH_SNAPSHOT, version, "topic=other partition=3",
                RaftUtil.singletonFetchSnapshotResponse(ListenerName.normalised("CONTROLLER"), version, other, -1, Endpoints.empty(),
                    partition -> partition.setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code()).setUnalignedRecords(nothing())));
        }
    }

    static void request(ApiKeys key, short version) {
        ReplicaKey from = key(), to = key();
        int epoch = epoch();
        switch (key) {
            case VOTE -> {
                boolean preVote = version >= 2 && oneIn(2);
                int lastEpoch = random.nextInt(preVote ? epoch + 1 : epoch);
                long end = offset();
                request(key, version, "voter=" + text(to) + " candidate=" + text(from) + " epoch=" + epoch + " last_epoch=" + lastEpoch
                    + " end_offset=" + end + " pre_vote=" + preVote,
                    RaftUtil.singletonVoteRequest(PARTITION, CLUSTER, epoch, from, to, lastEpoch, end, preVote));
            }
            case BEGIN_QUORUM_EPOCH -> {
                Map<ListenerName, InetSocketAddress> listeners = listeners();
                request(key, version, "voter=" + text(to) + " leader=" + from.id() + " epoch=" + epoch + " endpoints=" + text(listeners),
                    RaftUtil.singletonBeginQuorumEpochRequest(PARTITION, CLUSTER, epoch, from.id(),
                        Endpoints.fromInetSocketAddresses(listeners), to));
            }
            case END_QUORUM_EPOCH -> {
                List<ReplicaKey> preferred = new ArrayList<>();
                for (int left = random.nextInt(4); left > 0; left--) preferred.add(key());
                String keys = preferred.isEmpty() ? "-" : preferred.stream().map(QuorumMessages::text).collect(Collectors.joining(","));
                request(key, version, "leader=" + from.id() + " epoch=" + epoch + " preferred=" + keys,
                    RaftUtil.singletonEndQuorumEpochRequest(PARTITION, CLUSTER, epoch, from.id(), preferred));
            }
            case FETCH -> {
                ReplicaKey replica = oneIn(5) ? ReplicaKey.of(-1, Uuid.ZERO_UUID) : from;
                long from_offset = offset(), highWatermark = oneIn(3) ? -1 : offset();
                int lastEpoch = random.nextInt(epoch), wait = random.nextInt(1000);
                // The rest is as KafkaRaftClient sets it.
                FetchRequestData data = RaftUtil.singletonFetchRequest(PARTITION, Uuid.METADATA_TOPIC_ID, partition -> partition
                    .setCurrentLeaderEpoch(epoch).setLastFetchedEpoch(lastEpoch).setFetchOffset(from_offset)
                    .setReplicaDirectoryId(replica.directoryId().orElse(ReplicaKey.NO_DIRECTORY_ID)).setHighWatermark(highWatermark));
                data.setMaxBytes(8 << 20).setMaxWaitMs(wait).setClusterId(CLUSTER)
                    .setReplicaState(new FetchRequestData.ReplicaState().setReplicaId(replica.id()));
                request(key, version, "replica=" + text(replica) + " epoch=" + epoch + " fetch_offset=" + from_offset
                    + " last_epoch=" + lastEpoch + " high_watermark=" + highWatermark + " max_wait=" + wait, data);
            }
            default -> {
                OffsetAndEpoch snapshot = new OffsetAndEpoch(offset(), epoch());
                int maxBytes = random.nextInt(Integer.MAX_VALUE);
                long position = offset();
                request(key, version, "replica=" + text(from) + " epoch=" + epoch + " snapshot=" + snapshot.offset() + "/" + snapshot.epoch()
                    + " max_bytes=" + maxBytes + " position=" + position,
                    RaftUtil.singletonFetchSnapshotRequest(CLUSTER, from, PARTITION, epoch, snapshot, maxBytes, position));
            }
        }
    }

    static void answer(ApiKeys key, short version) {
        Errors error = oneIn(2) ? Errors.NONE : ERRORS[random.nextInt(ERRORS.length)];
        boolean leads = key == ApiKeys.FETCH || key == ApiKeys.FETCH_SNAPSHOT;
        int leader = oneIn(4) && !(leads && error == Errors.NONE) ? -1 : id();
        int epoch = epoch();
        Map<ListenerName, InetSocketAddress> listeners = listeners();
        Endpoints endpoints = Endpoints.fromInetSocketAddresses(listeners);
        ListenerName listener = ListenerName.normalised("CONTROLLER");
        String head = "error=" + error.code() + " leader=" + leader + " epoch=" + epoch + " endpoints=" + text(listeners);
        switch (key) {
            case VOTE -> {
                boolean granted = error == Errors.NONE && oneIn(2);
                answer("answer", key, version, head + " granted=" + granted, RaftUtil.singletonVoteResponse(listener, version, Errors.NONE,
                    PARTITION, error, epoch, leader, granted, endpoints));
            }
            case BEGIN_QUORUM_EPOCH -> answer("answer", key, version, head, RaftUtil.singletonBeginQuorumEpochResponse(listener, version,
                Errors.NONE, PARTITION, error, epoch, leader, endpoints));
            case END_QUORUM_EPOCH -> answer("answer", key, version, head, RaftUtil.singletonEndQuorumEpochResponse(listener, version,
                Errors.NONE, PARTITION, error, epoch, leader, endpoints));
            case FETCH -> {
                long highWatermark = oneIn(4) ? -1 : offset(), start = offset();
                int kind = error == Errors.NONE ? random.nextInt(4) : 0;
                OffsetAndEpoch at = new OffsetAndEpoch(offset(), random.nextInt(100));
                byte[] records = kind > 1 ? bytes() : new byte[0];
                answer("answer", key, version, head + " high_watermark=" + highWatermark + " log_start=" + start
                    + " diverging=" + (kind == 0 && error == Errors.NONE ? at.epoch() + "/" + at.offset() : "-")
                    + " snapshot=" + (kind == 1 ? at.offset() + "/" + at.epoch() : "-") + " records=" + hex(records),
                    RaftUtil.singletonFetchResponse(listener, version, PARTITION, Uuid.METADATA_TOPIC_ID, Errors.NONE, leader, endpoints,
                        partition -> {
                            partition.setRecords(MemoryRecords.readableRecords(ByteBuffer.wrap(records))).setErrorCode(error.code())
                                .setLogStartOffset(start).setHighWatermark(highWatermark);
                            partition.currentLeader().setLeaderEpoch(epoch).setLeaderId(leader);
                            if (kind == 0 && error == Errors.NONE) partition.divergingEpoch().setEpoch(at.epoch()).setEndOffset(at.offset());
                            if (kind == 1) partition.snapshotId().setEpoch(at.epoch()).setEndOffset(at.offset());
                        }));
            }
            default -> {
                OffsetAndEpoch id = new OffsetAndEpoch(offset(), random.nextInt(100));
                byte[] piece = error == Errors.NONE ? bytes() : new byte[0];
                long position = random.nextInt(1 << 30), size = position + piece.length + offset() / 4;
                String fields = error == Errors.NONE
                    ? " snapshot=" + id.offset() + "/" + id.epoch() + " size=" + size + " position=" + position + " piece=" + hex(piece)
                    : " snapshot=0/0 size=0 position=0 piece=-";
                answer("answer", key, version, head + fields, RaftUtil.singletonFetchSnapshotResponse(listener, version, PARTITION, leader,
                    endpoints, partition -> {
                        partition.currentLeader().setLeaderEpoch(epoch).setLeaderId(leader);
                        if (error != Errors.NONE) return partition.setErrorCode(error.code()).setUnalignedRecords(nothing());
                        partition.snapshotId().setEndOffset(id.offset()).setEpoch(id.epoch());
                        return partition.setSize(size).setPosition(position)
                            .setUnalignedRecords(new UnalignedMemoryRecords(ByteBuffer.wrap(piece)));
                    }));
            }
        }
    }
}
