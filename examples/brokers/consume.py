"""Does tasks that RabbitMQ tells of: claims each by its id over HTTP, and reports there.
WAYBILL_AMQP_URL, WAYBILL_AMQP_QUEUE (waybill.QUEUE) and WAYBILL_URL say where."""
import json, os, urllib.error, urllib.request, uuid
import pika
url, worker = os.environ["WAYBILL_URL"], f"pika-{uuid.uuid4()}"
def post(path, body):
    headers = {"Authorization": "Bearer " + os.environ.get("WAYBILL_TOKEN", "none"),
               "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)
    return json.loads(urllib.request.urlopen(request, timeout=30).read())
def work(channel, method, properties, body):
    claim = {"worker": worker, "lease": "1m", "ids": [json.loads(body)["id"]]}
    try: tasks = post("/v1/claims", claim)["tasks"]
    except OSError:  # the server is away: the message comes again
        channel.connection.sleep(1)
        return channel.basic_nack(method.delivery_tag, requeue=True)
    channel.basic_ack(method.delivery_tag)  # the lease is on disk: the message has done its part
    for task in tasks:  # none: another has it, or it is done
        print("doing", task["id"], task["params"], flush=True)  # longer ones beat: /v1/beats
        held = {"id": task["id"], "fence": task["fence"]}
        outcome = {**held, "outcome": "succeeded", "result": {"by": worker}}
        post("/v1/finishes", {"tasks": [outcome]})
connection = pika.BlockingConnection(pika.URLParameters(os.environ["WAYBILL_AMQP_URL"]))
channel = connection.channel()
channel.basic_qos(prefetch_count=1)
channel.basic_consume(os.environ["WAYBILL_AMQP_QUEUE"], work)
channel.start_consuming()
