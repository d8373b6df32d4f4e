#!/usr/bin/env python3
"""Aggregation: sums the packets of a window's batches that both servers have validated.

Parameters: workflow-manager's aggregation message. The sum part goes to own/sums/. A batch that one
of the two did not validate is left out and named. Safe to repeat: it writes the same objects again.
"""

from datetime import datetime, timezone

import prio
import task


def milliseconds(text):
    moment = datetime.strptime(text, "%Y/%m/%d/%H/%M").replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1000)


def sum_batch(name):
    """Header and per-bin sums of a batch, over the packets that both servers found valid."""
    header, packets = prio.read_batch(prio.Bucket("ingestion"), f"{name}.batch")
    _, ours = prio.read_batch(prio.Bucket("own"), f"{name}.validity_1")
    _, theirs = prio.read_batch(prio.Bucket("peer"), f"{name}.validity_0")
    valid = {packet["uuid"] for packet in ours} & {packet["uuid"] for packet in theirs}
    rows = [
        prio.unpack_bins(packet["encrypted_payload"], header["bins"])
        for packet in packets
        if packet["uuid"] in valid
    ]
    return header, [sum(column) for column in zip(*rows)], len(rows)


def main():
    params = task.params()
    aggregation, batches = params["aggregation-id"], params["batches"]
    total, clients, used, left_out, header = None, 0, [], [], None
    for number, batch in enumerate(batches, 1):
        name = f"{aggregation}/{batch['time']}/{batch['id']}"
        try:
            header, sums, rows = sum_batch(name)
        except prio.Invalid as why:
            left_out.append(batch["id"])
            print(f"left out {name}: {why}")
        else:
            total = sums if total is None else [a + b for a, b in zip(total, sums)]
            clients += rows
            used.append(batch["id"])
        task.report(progress={"done": number, "total": len(batches)})
    if not used:
        task.fail(f"{aggregation}: no batch of the window was validated by both servers")

    start, end = params["aggregation-start"], params["aggregation-end"]
    prio.write_batch(
        prio.Bucket("own"),
        "sums/" + "-".join([aggregation, start, end]).replace("/", "-") + ".sum_1",
        (
            prio.SUM_PART,
            prio.parameters(header)
            | {
                "batch_uuids": used,
                "sum": total,
                "aggregation_start_time": milliseconds(start),
                "aggregation_end_time": milliseconds(end),
                "total_individual_clients": clients,
            },
        ),
        (prio.DATA_SHARE_PACKET, []),
        prio.OWN_KEY,
    )
    output = {"aggregation": aggregation, "sum": total, "clients": clients}
    task.report(output=output | {"batches": len(used), "left_out": left_out})
    print(f"{aggregation}: sum {total} over {clients} clients in {len(used)} batches")


if __name__ == "__main__":
    main()
