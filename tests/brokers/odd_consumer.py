"""A consumer that does nothing well: takes messages of WAYBILL_AMQP_QUEUE, claims their tasks for a
second or not, acknowledges all, every second or none of them, says what it has, and hangs."""

import json
import os
import signal
import sys
import urllib.request

import pika


def claim(task):
    body = json.dumps({"worker": "odd", "lease": "1s", "ids": [task]}).encode()
    request = urllib.request.Request(os.environ["WAYBILL_URL"] + "/v1/claims", body,
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["tasks"]


def main():
    count, claims, acknowledges = int(sys.argv[1]), sys.argv[2] == "claims", sys.argv[3]
    # It says nothing to the broker any more once it hangs, and is not given up for that.
    where = pika.URLParameters(os.environ["WAYBILL_AMQP_URL"] + "?heartbeat=0")
    channel = pika.BlockingConnection(where).channel()
    leases = []
    for method, _, body in channel.consume(os.environ["WAYBILL_AMQP_QUEUE"]):
        count -= 1
        if claims:
            leases += claim(json.loads(body)["id"])
        if acknowledges == "all" or (acknowledges == "some" and count % 2):
            channel.basic_ack(method.delivery_tag)
        if count == 0:
            break
    channel.connection.process_data_events(0)  # what was acknowledged has gone
    print(json.dumps([{"id": task["id"], "fence": task["fence"]} for task in leases]), flush=True)
    signal.pause()


main()
