"""What plans come to, computed by neither planner: snapshots of kfleet, placements, and what is wrong with them."""

import json
from collections import Counter, defaultdict
from math import ceil, floor


class Cluster:
    """A snapshot whose racks have equally many brokers, so that the fair share of each is the average."""

    def __init__(self, path):
        with open(path) as file:
            snapshot = json.load(file)
        self.racks = {broker["id"]: broker.get("rack") for broker in snapshot["brokers"]}
        self.partitions = {(one["topic"], one["partition"]): one for one in snapshot["partitions"]}
        self.now = {name: one["replicas"] for name, one in self.partitions.items()}
        assert len(set(Counter(self.racks.values()).values())) == 1, "racks differ"

    def size(self, name):
        return self.partitions[name]["size_bytes"]

    def replica(self, name):
        """What a replica takes, whoever leads."""
        one = self.partitions[name]
        return {"disk": one["size_bytes"], "bytes-in": one["bytes_in_per_s"], "replicas": 1}

    def rack_cap(self, replicas):
        """How many replicas of a partition a rack may have."""
        racks = set(self.racks.values())
        return replicas if racks == {None} else ceil(replicas / len(racks))

    def averages(self):
        loads = self.loads(self.now)
        return {resource: sum(of.values()) / len(self.racks) for resource, of in loads.items()}

    def windows(self, tolerances):
        """The least and the most of each resource; counts are whole, and their windows as wide as that takes."""
        windows = {}
        averages = self.averages()
        for resource, tolerance in tolerances.items():
            average = averages[resource]
            least, most, whole = average * (1 - tolerance), average * (1 + tolerance), 1e-9 * average
            if resource in ("replicas", "leaders"):
                windows[resource] = floor(least + whole), ceil(most - whole)
            else:
                windows[resource] = ceil(least - whole), floor(most + whole)
        return windows

    def loads(self, placement):
        loads = defaultdict(Counter)
        for name, replicas in placement.items():
            for broker in replicas:
                for resource, amount in self.replica(name).items():
                    loads[resource][broker] += amount
            loads["leaders"][replicas[0]] += 1
        return loads

    def moved_bytes(self, placement):
        return sum(self.size(name) * len(set(replicas) - set(self.now[name])) for name, replicas in placement.items())

    def faults(self, placement, tolerances, slack=0.0):
        """What is wrong with a placement; slack is a part of the average."""
        wrong = []
        if placement.keys() != self.now.keys():
            wrong.append("partitions differ")
        for name, replicas in placement.items():
            if len(set(replicas)) != len(self.now[name]) or len(replicas) != len(self.now[name]):
                wrong.append(f"{name} has replicas on {replicas}")
            if not set(replicas) <= self.racks.keys():
                wrong.append(f"{name} is on a broker that is not there")
            elif max(Counter(self.racks[broker] for broker in replicas).values()) > self.rack_cap(len(replicas)):
                wrong.append(f"{name} has too many replicas in a rack")
        loads, averages = self.loads(placement), self.averages()
        for resource, (least, most) in self.windows(tolerances).items():
            more = slack * averages[resource]
            for broker in self.racks:
                load = loads[resource][broker]
                if not least - more <= load <= most + more:
                    wrong.append(f"broker {broker} has {resource} {load}, not {least} to {most}")
        return wrong

    def planned(self, path):
        """The placement after a plan of kfleet's."""
        with open(path) as file:
            moves = json.load(file)["data"]["moves"]
        placement = dict(self.now)
        for move in moves:
            name = move["topic"], move["partition"]
            assert placement[name] == move["replicas_from"], name
            placement[name] = move["replicas_to"]
        return placement
