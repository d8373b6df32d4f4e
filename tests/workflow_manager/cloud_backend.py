"""What golden.py asks of a backend, for buckets and topics in clouds: servers that are started once
for all cases, each behind a proxy that fails as a case wants it; fresh names for each case."""

import itertools
import os
import sys

from file_backend import BUCKETS

SERVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "servers")
sys.path.insert(0, SERVERS)

from fault_proxy import FaultProxy, Script  # noqa: E402

TOPICS = ("intake", "aggregate")
numbers = itertools.count(1)


def recorded_name(name):
    """Of a fresh name: as rules of the golden cases know it."""
    return name.rpartition("-")[0]


class Clouds:
    """Servers behind proxies, for all cases of a run of the suite."""

    def __init__(self, parts):
        """`parts`: functions that start one each; what they make has url, dialect, stop()."""
        self.script = Script()
        self.servers, self.proxies = [], []
        try:
            for part in parts:
                self.servers.append(part())
                self.proxies.append(
                    FaultProxy(self.servers[-1].url, self.script, self.servers[-1].dialect))
        except BaseException:
            self.stop()
            raise

    def stop(self):
        for proxy in self.proxies:
            proxy.stop()
        for server in self.servers:
            server.stop()


class CloudBackend:
    """One case. A subclass names `stores` (by field of the case) and `queue`."""

    cannot = {}
    words = {}

    def __init__(self, clouds, sources=None):
        """`sources`: an earlier one, whose buckets that are only read are this one's too."""
        self.clouds, self.sources = clouds, sources
        self.number = next(numbers)
        self.received = {topic: [] for topic in TOPICS}
        self.stores, self.queue = self.parts()

    def parts(self):
        raise NotImplementedError

    def name_of(self, recorded):
        return f"{recorded}-{self.number}"

    def bucket(self, field):
        if self.sources and field != "own_validation":
            return self.sources.bucket(field)
        return self.name_of(BUCKETS[field])

    def prepare(self, case):
        for field in ["own_validation"] if self.sources else BUCKETS:
            if field not in case.get("missing_buckets", []):
                self.stores[field].create(self.bucket(field))
                self.add(field, case.get(field, []))
        for topic in TOPICS:
            if topic not in case.get("missing_topics", []):
                self.queue.create(self.name_of(topic))
            else:
                self.received.pop(topic)
        self.clouds.script.begin(case.get("injected_faults", []))

    def add(self, field, keys):
        for key in keys:
            self.stores[field].put(self.bucket(field), key)

    def flags(self, case):
        flags = {
            "ingestor-input": self.stores["ingestion"].bucket_url(self.bucket("ingestion")),
            "own-validation-input":
                self.stores["own_validation"].bucket_url(self.bucket("own_validation")),
            "peer-validation-input":
                self.stores["peer_validation"].bucket_url(self.bucket("peer_validation")),
            **self.queue.flags({topic: self.name_of(topic) for topic in TOPICS}),
        }
        # A case about the flags of a kind of queue keeps it: it is refused before it is opened.
        if {"aws-sns-region", "gcp-project-id"} & case["flags"].keys():
            flags["task-queue-kind"] = case["task_queue_kind"]
        return flags

    def environment(self):
        variables = {}
        for server, proxy in zip(self.clouds.servers, self.clouds.proxies):
            variables.update(server.environment(proxy))
        return variables

    def messages(self, topic):
        """All bodies published so far, as text."""
        if topic not in self.received:
            if self.queue.exists(self.name_of(topic)):
                raise AssertionError(f"the topic {topic} was made, though nobody asked for it")
            return []
        self.received[topic] += self.queue.receive(self.name_of(topic))
        return self.received[topic]

    def keys(self, field):
        return self.stores[field].keys(self.bucket(field))

    def body(self, field, key):
        return self.stores[field].get(self.bucket(field), key)

    def check_faults(self, case):
        """A case whose fault never struck has shown nothing."""
        if case.get("injected_faults") and not self.clouds.script.taken():
            raise AssertionError(f"no request was met by {case['injected_faults']}")

    def stop(self):
        self.clouds.script.begin()
