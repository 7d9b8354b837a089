"""A planner of kafka-utils on a snapshot, beside a plan of kfleet's. Arguments: snapshot, plan, tolerances as JSON, "count" or
"genetic", seconds that it may take, and the balancer's own arguments. Prints one line of JSON.

The balancer works on its topology alone; only planning is timed. What it is stopped in the middle of is not finished.
"""

import json
import signal
import sys
import time
from argparse import Namespace

from kafka_utils.kafka_cluster_manager.cluster_info.cluster_topology import ClusterTopology
from kafka_utils.kafka_cluster_manager.cluster_info.genetic_balancer import GeneticBalancer
from kafka_utils.kafka_cluster_manager.cluster_info.partition_count_balancer import PartitionCountBalancer
from placements import Cluster

BALANCERS = {"count": PartitionCountBalancer, "genetic": GeneticBalancer}
# More than any of these clusters takes; it has to be a number.
UNLIMITED = 1_000_000


class Sizes:
    """Weighs partitions by their bytes."""

    def __init__(self, cluster):
        self.get_weight = self.get_size = cluster.size


class Late(Exception):
    """It has taken longer than it may."""


def late(*_):
    raise Late


def balanced(cluster, kind, seconds, arguments):
    """The placement that a balancer makes, or None if it takes longer, and how long it took."""
    topology = ClusterTopology(
        {name: list(replicas) for name, replicas in cluster.now.items()},
        {broker: {"host": f"broker-{broker}"} for broker in cluster.racks},
        Sizes(cluster),
        lambda broker: cluster.racks[broker.id] or "all",
    )
    args = Namespace(
        replication_groups=True,
        brokers=True,
        leaders=True,
        max_partition_movements=UNLIMITED,
        max_leader_changes=UNLIMITED,
        max_movement_size=None,
        balancer_args=arguments,
    )
    balancer = BALANCERS[kind](topology, args)
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    began = time.monotonic()
    try:
        balancer.rebalance()
        placement = dict(topology.assignment)
    except Late:
        placement = None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return placement, time.monotonic() - began


snapshot, plan, tolerances, kind, seconds, *arguments = sys.argv[1:]
cluster = Cluster(snapshot)
tolerances = json.loads(tolerances)
ours = cluster.planned(plan)
theirs, spent = balanced(cluster, kind, float(seconds), arguments)
print(
    json.dumps(
        {
            "finished": theirs is not None,
            "seconds": spent,
            "their_bytes": theirs and cluster.moved_bytes(theirs),
            "their_faults": theirs and cluster.faults(theirs, tolerances),
            "plan_bytes": cluster.moved_bytes(ours),
            "plan_faults": cluster.faults(ours, tolerances),
        }
    )
)
