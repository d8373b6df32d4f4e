#!/usr/bin/env python3
"""Makes examples/drop: three Prio buckets with real batches, and the sums that they must give.

Usage: make_drop.py DIRECTORY (which must not exist). Names, times and contents are the same in
every run; keys and signatures are new each time, and the private keys are not kept.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "demo", "tasks"))
import prio  # noqa: E402

DAY = "2020/10/31"
WINDOW = (f"{DAY}/06/00", f"{DAY}/09/00")
BINS = {"kittens-seen": 4, "otters-seen": 3}
ALL_PARTS = (".batch", ".batch.avro", ".batch.sig")


@dataclass
class Batch:
    """One batch of the drop; the fields after `time` say what is special about it."""

    aggregation: str
    time: str  # HH/mm on DAY
    ingestion: tuple = ALL_PARTS  # the objects that are there
    peer: str = "ready"  # or "none", "no signature", "wrong index"
    damaged: bool = False
    taken_in: bool = False  # by an earlier scan: marker and own validation are there
    id: str = field(init=False)

    def __post_init__(self):
        name = f"waybill:drop/{self.aggregation}/{self.time}"
        self.id = str(uuid.uuid5(uuid.NAMESPACE_URL, name))

    @property
    def key(self):
        return f"{self.aggregation}/{DAY}/{self.time}/{self.id}"

    def is_summed(self):
        if self.damaged or self.ingestion != ALL_PARTS or self.peer != "ready":
            return False
        return WINDOW[0] <= f"{DAY}/{self.time}" < WINDOW[1]


def batches():
    kittens, otters = "kittens-seen", "otters-seen"
    early_kittens = "06/00 06/20 06/35 06/50 07/05 07/25 07/40 08/00 08/20 08/59".split()
    late_kittens = "09/00 09/30 10/00 10/45 11/15 11/55".split()
    early_otters = "06/05 06/30 06/55 07/20 07/45 08/05 08/25 08/50".split()
    return [
        *(Batch(kittens, time) for time in early_kittens),
        Batch(kittens, "07/15", damaged=True),
        Batch(kittens, "08/30", taken_in=True),
        Batch(kittens, "07/50", peer="none"),
        Batch(kittens, "08/10", peer="no signature"),
        Batch(kittens, "08/45", peer="wrong index"),
        Batch(kittens, "07/30", ingestion=(".batch", ".batch.sig"), peer="none"),
        Batch(kittens, "10/15", ingestion=(".batch", ".batch.avro"), peer="none"),
        Batch(kittens, "05/40"),
        *(Batch(kittens, time, peer="none") for time in late_kittens),
        *(Batch(otters, time) for time in early_otters),
        Batch(otters, "07/35", ingestion=(".batch.avro", ".batch.sig"), peer="none"),
        *(Batch(otters, time, peer="none") for time in "09/10 11/40".split()),
    ]


ODD_OBJECTS = {
    "ingestion/inventory.csv": "an object beside the aggregations\n",
    "ingestion/kittens-seen/2020/10/31/notes.txt": "an object at the level of a day\n",
    "ingestion/kittens-seen/2020/10/31/07/xx/8d7f52c4.batch": "a minute that is no number\n",
    "ingestion/kittens-seen/2020/10/31/08/20/upload.tmp": "no part of a batch\n",
    "ingestion/otters-seen/2020/10/31/08/25/checksums.sha256": "no part of a batch\n",
}


def make_key(directory, identifier, public_directory):
    """A P-256 key pair by openssl; only the public half goes to the drop."""
    private = os.path.join(directory, f"{identifier}.pem")
    public = os.path.join(public_directory, f"{identifier}.pub.pem")
    curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(["openssl", "genpkey", *curve, "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    return identifier, private


def make_packets(batch, chance):
    """The clients of a batch, each with an answer of 0 or 1 for every bin."""
    answers = [
        [int(chance.random() < 0.6 / (1 + bin)) for bin in range(BINS[batch.aggregation])]
        for _ in range(chance.randint(12, 24))
    ]
    packets = [
        {
            "uuid": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "encrypted_payload": prio.pack_bins(bins),
            "encryption_key_id": "none",
            "r_pit": chance.randrange(prio.PRIME),
            "version_configuration": None,
            "device_nonce": None,
        }
        for bins in answers
    ]
    return answers, packets


def make_batch(top, batch, keys, chance):
    """Writes the objects of one batch to the three buckets; returns the answers of its clients."""
    answers, packets = make_packets(batch, chance)
    start = datetime.strptime(f"{DAY}/{batch.time}", "%Y/%m/%d/%H/%M").replace(tzinfo=timezone.utc)
    parameters = {
        "name": batch.aggregation,
        "bins": BINS[batch.aggregation],
        "epsilon": 12.0,
        "prime": prio.PRIME,
        "number_of_servers": 2,
        "hamming_weight": None,
    }
    times = {
        "batch_start_time": int(start.timestamp() * 1000),
        "batch_end_time": int((start + timedelta(minutes=5)).timestamp() * 1000),
    }
    ingestion = prio.Bucket("ingestion", top)
    header = {"batch_uuid": batch.id} | parameters
    prio.write_batch(
        ingestion,
        f"{batch.key}.batch",
        (prio.INGESTION_HEADER, header | times),
        (prio.DATA_SHARE_PACKET, packets),
        keys["ingestor-1"],
    )
    if batch.damaged:
        whole = ingestion.get(f"{batch.key}.batch")
        ingestion.put(f"{batch.key}.batch", whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])

    validities = [{"uuid": packet["uuid"], "f_r": 0, "g_r": 0, "h_r": 0} for packet in packets]

    def validate(bucket, part, signer):
        prio.write_batch(
            prio.Bucket(bucket, top),
            batch.key + part,
            (prio.VALIDITY_HEADER, header),
            (prio.VALIDITY_PACKET, validities),
            keys[signer],
        )

    if batch.taken_in:
        validate("own", ".validity_1", "own-1")
    if batch.peer != "none":
        validate("peer", ".validity_1" if batch.peer == "wrong index" else ".validity_0", "peer-1")
    return answers


def remove_what_is_missing(top, batch):
    for part in set(ALL_PARTS) - set(batch.ingestion):
        os.remove(os.path.join(top, "ingestion", batch.key + part))
    if batch.peer == "no signature":
        os.remove(os.path.join(top, "peer", f"{batch.key}.validity_0.sig"))


def write_text(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main(top):
    os.makedirs(os.path.join(top, "keys"))
    chance = random.Random("waybill")
    sums = {}
    with tempfile.TemporaryDirectory() as private:
        names = ("ingestor-1", "peer-1", "own-1")
        keys = {name: make_key(private, name, os.path.join(top, "keys")) for name in names}
        for batch in batches():
            answers = make_batch(top, batch, keys, chance)
            remove_what_is_missing(top, batch)
            if batch.taken_in:
                marker = f"intake-{batch.key}".replace("/", "-")
                write_text(os.path.join(top, "own", "task-markers", marker), marker)
            if batch.is_summed():
                total = sums.setdefault(batch.aggregation, {"batches": 0, "clients": 0, "sum": []})
                total["batches"] += 1
                total["clients"] += len(answers)
                columns = [sum(column) for column in zip(*answers)]
                total["sum"] = [a + b for a, b in zip(total["sum"] or [0] * len(columns), columns)]
    for path, text in ODD_OBJECTS.items():
        write_text(os.path.join(top, path), text)
    lines = [f"{json.dumps(name)}: {json.dumps(total)}" for name, total in sums.items()]
    write_text(os.path.join(top, "expected.json"), "{\n  " + ",\n  ".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
