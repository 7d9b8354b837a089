import org.apache.kafka.controller.PartitionChangeBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.PartitionChangeRecord;
import org.apache.kafka.metadata.LeaderRecoveryState;
import org.apache.kafka.metadata.PartitionRegistration;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.apache.kafka.server.common.MetadataVersion;

/** Prints random partitions, what is to become of them, and the record that Apache Kafka writes for it. */
public class PartitionChanges {
    static Random random;

    static List<Integer> some(List<Integer> from, int oneIn) {
        List<Integer> out = new ArrayList<>();
        for (int id : from) if (random.nextInt(oneIn) == 0) out.add(id);
        return out;
    }

    static String list(List<Integer> ids) {
        return ids == null ? "-" : "[" + ids.stream().map(Object::toString).collect(Collectors.joining(",")) + "]";
    }

    static String dirs(List<Uuid> dirs) {
        return dirs == null ? "-" : "[" + dirs.stream().map(d -> "" + d.getLeastSignificantBits()).collect(Collectors.joining(",")) + "]";
    }

    static int[] array(List<Integer> ids) {
        return ids.stream().mapToInt(i -> i).toArray();
    }

    static List<Integer> without(List<Integer> some, List<Integer> others) {
        List<Integer> out = new ArrayList<>(some);
        out.removeAll(others);
        return out;
    }

    public static void main(String[] args) {
        random = new Random(Long.parseLong(args[0]));
        int count = Integer.parseInt(args[1]);
        short[] levels = {7, 11, 12, 17, 22, 23, 30, 30, 30, 30};
        for (int done = 0; done < count; done++) one(levels[random.nextInt(levels.length)]);
    }

    static void one(short level) {
        List<Integer> brokers = new ArrayList<>(List.of(1, 2, 3, 4, 5));
        Collections.shuffle(brokers, random);
        List<Integer> replicas = new ArrayList<>(brokers.subList(0, 1 + random.nextInt(4)));
        boolean elr = level >= 23 && random.nextInt(4) != 0;
        List<Integer> isr = some(replicas, 2);
        if (isr.isEmpty() && (!elr || random.nextInt(3) != 0)) isr = new ArrayList<>(List.of(replicas.get(random.nextInt(replicas.size()))));
        List<Integer> eligible = elr ? some(without(replicas, isr), 2) : List.of();
        List<Integer> adding = random.nextInt(3) == 0 ? some(replicas.subList(0, replicas.size() - 1), 2) : List.of();
        List<Integer> removing = random.nextInt(3) == 0 ? some(without(replicas, adding), 2) : List.of();
        int leader = isr.isEmpty() || random.nextInt(5) == 0 ? -1 : isr.get(random.nextInt(isr.size()));
        List<Integer> last = elr && leader < 0 && random.nextInt(2) == 0 ? List.of(replicas.get(0)) : List.of();
        int recovery = random.nextInt(6) == 0 ? 1 : 0;
        List<Uuid> directories = new ArrayList<>();
        for (int id : replicas) {
            int kind = level < 17 ? 0 : random.nextInt(4);
            directories.add(new Uuid(0L, kind < 2 ? kind : 100 + id));
        }
        List<Integer> alive = some(brokers, 2);
        Collections.sort(alive);
        int min = 1 + random.nextInt(Math.min(3, replicas.size()));
        List<Integer> targetIsr = switch (random.nextInt(4)) {
            case 0 -> isr;
            case 1 -> without(isr, isr.isEmpty() ? List.of() : List.of(isr.get(0)));
            case 2 -> some(replicas, 2);
            default -> { List<Integer> more = new ArrayList<>(isr); more.addAll(some(without(replicas, isr), 2)); yield more; }
        };
        List<Integer> targetReplicas = null, targetAdding = null, targetRemoving = null;
        if (random.nextInt(3) == 0) {
            Collections.shuffle(brokers, random);
            List<Integer> target = new ArrayList<>(brokers.subList(0, 1 + random.nextInt(3)));
            targetAdding = without(target, replicas);
            targetRemoving = without(replicas, target);
            targetReplicas = new ArrayList<>(target);
            targetReplicas.addAll(targetRemoving);
        }
        Integer unclean = random.nextInt(5) == 0 ? replicas.get(random.nextInt(replicas.size())) : null;
        PartitionChangeBuilder.Election[] elections = PartitionChangeBuilder.Election.values();
        PartitionChangeBuilder.Election election = elections[random.nextInt(elections.length)];
        int targetRecovery = random.nextInt(4) == 0 ? 0 : recovery;

        PartitionRegistration partition = new PartitionRegistration.Builder().
            setReplicas(array(replicas)).setDirectories(directories.toArray(new Uuid[0])).setIsr(array(isr)).
            setElr(array(eligible)).setLastKnownElr(array(last)).setAddingReplicas(array(adding)).
            setRemovingReplicas(array(removing)).setLeader(leader).
            setLeaderRecoveryState(LeaderRecoveryState.of((byte) recovery)).
            setLeaderEpoch(10).setPartitionEpoch(20).build();
        PartitionChangeBuilder builder = new PartitionChangeBuilder(partition, Uuid.ONE_UUID, 0,
            alive::contains, MetadataVersion.fromFeatureLevel(level), min, elr);
        builder.setElection(election).setTargetIsr(targetIsr).setDefaultDirProvider(id -> new Uuid(0L, 200 + id)).
            setTargetLeaderRecoveryState(LeaderRecoveryState.of((byte) targetRecovery));
        if (targetReplicas != null) builder.setTargetReplicas(targetReplicas).setTargetAdding(targetAdding).setTargetRemoving(targetRemoving);
        if (unclean != null) builder.setUncleanShutdownReplicas(List.of(unclean));
        Optional<ApiMessageAndVersion> built = builder.build();

        StringBuilder line = new StringBuilder();
        line.append("level=").append(level).append(" elr_on=").append(elr).append(" min_isr=").append(min)
            .append(" alive=").append(list(alive)).append(" replicas=").append(list(replicas))
            .append(" directories=").append(dirs(directories)).append(" isr=").append(list(isr))
            .append(" elr=").append(list(eligible)).append(" last=").append(list(last))
            .append(" adding=").append(list(adding)).append(" removing=").append(list(removing))
            .append(" leader=").append(leader).append(" recovery=").append(recovery)
            .append(" election=").append(election).append(" to_isr=").append(list(targetIsr))
            .append(" to_replicas=").append(list(targetReplicas)).append(" to_adding=").append(list(targetAdding))
            .append(" to_removing=").append(list(targetRemoving)).append(" to_recovery=").append(targetRecovery)
            .append(" unclean=").append(unclean == null ? "-" : unclean).append(" => ");
        if (built.isEmpty()) {
            line.append("nothing");
        } else {
            PartitionChangeRecord r = (PartitionChangeRecord) built.get().message();
            line.append("version=").append(built.get().version()).append(" isr=").append(list(r.isr()))
                .append(" leader=").append(r.leader()).append(" replicas=").append(list(r.replicas()))
                .append(" removing=").append(list(r.removingReplicas())).append(" adding=").append(list(r.addingReplicas()))
                .append(" recovery=").append(r.leaderRecoveryState()).append(" directories=").append(dirs(r.directories()))
                .append(" elr=").append(list(r.eligibleLeaderReplicas())).append(" last=").append(list(r.lastKnownElr()));
        }
        System.out.println(line);
    }
}
