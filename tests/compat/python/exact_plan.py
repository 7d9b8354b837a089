"""The fewest bytes that clusters can be balanced with, by HiGHS, beside what plans of kfleet's move.

Arguments: a directory with snapshots NAME.snapshot.json and plans NAME.plan.json, the tolerance of all windows, and seconds for each
cluster. Prints a line of JSON for each cluster.

Which replica is where is a binary variable. A case is proven when what is found is at most a thousandth above what is proven to be least.
"""

import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import highspy
from placements import Cluster

GAP = 1e-3
# Rows are in averages, and the solver holds them to a millionth.
SLACK = 1e-5


def model(cluster, tolerances):
    """The problem, and the variable of each partition and broker."""
    solver = highspy.Highs()
    solver.silent()
    averages, windows = cluster.averages(), cluster.windows(tolerances)
    x = {}
    for name, now in cluster.now.items():
        for broker in cluster.racks:
            copied = 0 if broker in now else cluster.size(name) / averages["disk"]
            x[name, broker] = solver.addBinary(obj=copied)
    in_rack = Counter(cluster.racks.values())
    for name, now in cluster.now.items():
        solver.addConstr(sum(x[name, broker] for broker in cluster.racks) == len(now))
        cap = cluster.rack_cap(len(now))
        for rack in (rack for rack, brokers in in_rack.items() if brokers > cap):
            inside = (broker for broker, of in cluster.racks.items() if of == rack)
            solver.addConstr(sum(x[name, broker] for broker in inside) <= cap)
    for resource, (least, most) in windows.items():
        average = averages[resource]
        for broker in cluster.racks:
            load = sum(cluster.replica(name)[resource] / average * x[name, broker] for name in cluster.now)
            solver.addConstr(load >= least / average)
            solver.addConstr(load <= most / average)
    return solver, x


def solve(cluster, tolerances, seconds):
    """What was found (if anything was), and the bytes that are proven to be needed."""
    solver, x = model(cluster, tolerances)
    solver.setOptionValue("time_limit", seconds)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", GAP)
    solver.minimize()
    proven = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    values = solver.getSolution().col_value
    placement = None
    if values and solver.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        placement = {name: [] for name in cluster.now}
        for (name, broker), variable in x.items():
            if values[variable.index] > 0.5:
                placement[name].append(broker)
    return proven, placement, solver.getInfo().mip_dual_bound * cluster.averages()["disk"]


def quiet():
    """The solver introduces itself on stdout, whatever it is told."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def compare(case):
    snapshot, tolerance, seconds = case
    cluster = Cluster(snapshot)
    tolerances = dict.fromkeys(("disk", "bytes-in", "replicas"), tolerance)
    began = time.monotonic()
    proven, exact, bound_bytes = solve(cluster, tolerances, seconds)
    spent = time.monotonic() - began
    ours = cluster.planned(snapshot.with_name(snapshot.name.replace(".snapshot.", ".plan.")))
    return {
        "name": snapshot.name.split(".")[0],
        "seconds": spent,
        "proven": proven,
        "bound_bytes": max(bound_bytes, 0),
        "exact_bytes": exact and cluster.moved_bytes(exact),
        "exact_faults": exact and cluster.faults(exact, tolerances, SLACK),
        "plan_bytes": cluster.moved_bytes(ours),
        "plan_faults": cluster.faults(ours, tolerances),
    }


if __name__ == "__main__":
    snapshots = sorted(Path(sys.argv[1]).glob("*.snapshot.json"))
    cases = [(path, float(sys.argv[2]), float(sys.argv[3])) for path in snapshots]
    with ProcessPoolExecutor(os.cpu_count(), initializer=quiet) as pool:
        for result in pool.map(compare, cases):
            print(json.dumps(result), flush=True)
