#!/usr/bin/env python3
"""Intake: verifies one batch of the ingestion bucket and writes our validation of it.

Parameters: workflow-manager's intake message. Safe to repeat: it writes the same objects again.
"""

import prio
import task


def main():
    params = task.params()
    name = f"{params['aggregation-id']}/{params['date']}/{params['batch-id']}"
    try:
        header, packets = prio.read_batch(prio.Bucket("ingestion"), f"{name}.batch")
    except prio.Invalid as why:
        task.fail(f"{why}: batch {name}")
    task.report(progress={"done": 1, "total": 2, "message": f"verified {len(packets)} packets"})

    # A real facilitator evaluates its share of the proof here; the demo has nothing to prove.
    validities = [{"uuid": packet["uuid"], "f_r": 0, "g_r": 0, "h_r": 0} for packet in packets]
    prio.write_batch(
        prio.Bucket("own"),
        f"{name}.validity_1",
        (prio.VALIDITY_HEADER, {"batch_uuid": params["batch-id"]} | prio.parameters(header)),
        (prio.VALIDITY_PACKET, validities),
        prio.OWN_KEY,
    )
    task.report(progress={"done": 2, "total": 2, "message": "wrote the own validation"})
    task.report(output={"packets": len(packets)})
    print(f"batch {name}: {len(packets)} packets, validated")


if __name__ == "__main__":
    main()
