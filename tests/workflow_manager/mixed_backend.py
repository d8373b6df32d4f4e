"""Golden cases on the clouds that they were recorded on, mixed as they are there: buckets of S3 and
of Google's side by side, and the case's own kind of queue."""

from cloud_backend import CloudBackend, Clouds
from google_backend import PubSubEmulator, PubSubTopics, StorageBuckets, StorageStandIn
from moto_backend import Moto, S3Store, SnsQueue


class MixedBackend(CloudBackend):
    name = "mixed"

    @staticmethod
    def start():
        return Clouds([Moto, StorageStandIn, PubSubEmulator])

    def parts(self):
        moto, storage, emulator = self.clouds.servers
        self.kinds = {"s3": S3Store(moto), "gs": StorageBuckets(storage)}
        self.queues = {"aws-sns": SnsQueue(moto), "gcp-pubsub": PubSubTopics(emulator)}
        return {}, None

    def prepare(self, case):
        self.stores = {field: self.kinds[kind] for field, kind in case["storage"].items()}
        self.queue = self.queues[case["task_queue_kind"]]
        super().prepare(case)
