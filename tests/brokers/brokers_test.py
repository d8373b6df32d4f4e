"""Programs of others at the broker: the examples of docs/reference/amqp.md, by pika and amqplib,
against a real RabbitMQ, as consumers of tasks and as producers that imports read."""

import argparse
import importlib.util
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("workers", "servers"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))

import npm_packages  # noqa: E402
import rabbit  # noqa: E402
from place import PATIENCE_SECONDS, Place, expect, until  # noqa: E402

SKIPPED = 77
DEBIANS = "/usr/bin/python3"
DEFINITIONS = """
tasks:
  fetch-page:
    command: ["true"]
    queue: pages
    params: {type: object, required: [url], properties: {url: {type: string}}}
imports:
  archive:
    queue: tasks
    durable: false
    types: {ipfs.addurl: fetch-page}
"""


def skip(reason):
    print(f"brokers_test.py: Skipped\n{reason}")
    sys.exit(SKIPPED)


def require_pika():
    """Debian's package of it belongs to Debian's Python, which need not be the one on PATH."""
    if importlib.util.find_spec("pika"):
        return
    if os.path.realpath(sys.executable) == os.path.realpath(DEBIANS):
        skip("pika (python3-pika) is not installed")
    if not os.path.exists(DEBIANS):
        skip("pika is not installed")
    os.execv(DEBIANS, [DEBIANS, "-B", *sys.argv])


class BrokerPlace(Place):
    def __init__(self, waybill, url):
        self.broker = {"WAYBILL_AMQP_URL": url}
        super().__init__(waybill)

    def serve(self):
        path = self.directory.name
        os.makedirs(os.path.join(path, "definitions"), exist_ok=True)
        with open(os.path.join(path, "definitions", "all.yaml"), "w", encoding="utf-8") as file:
            file.write(DEFINITIONS)
        self.server = self.start(
            [self.waybill, "serve", "--json", "--listen", self.listen, "--data",
             os.path.join(path, "data"), "--queue", "amqp", "--queue-prefix", "waybill",
             "--definitions", os.path.join(path, "definitions")],
            self.broker, out=subprocess.PIPE)
        self.url = json.loads(self.server.stdout.readline())["url"]
        self.listen = self.url.removeprefix("http://")

    def environment(self, queue):
        return {**self.broker, "WAYBILL_AMQP_QUEUE": queue, "WAYBILL_URL": self.url}


def check_consumer(place, command, name):
    first = place.create(kind="noop", queue=name, params={"n": 0})
    until("the queue is there", lambda: declared(place, f"waybill.{name}"))
    consumer = place.start(command, place.environment(f"waybill.{name}"))
    ids = [first] + [place.create(kind="noop", queue=name, params={"n": n}) for n in range(1, 20)]
    for task_id in ids:
        until("it succeeds", lambda task_id=task_id: place.task(task_id)["state"] == "succeeded")
        expect(place.task(task_id)["attempt"], 1, "attempts")
        expect(place.task(task_id)["result"]["by"].split("-")[0], name, "who did it")
    expect(consumer.poll(), None, "the consumer's end")
    place.end(consumer)


def declared(place, queue):
    import pika
    connection = pika.BlockingConnection(pika.URLParameters(place.broker["WAYBILL_AMQP_URL"]))
    try:
        connection.channel().queue_declare(queue, passive=True)
        return True
    except pika.exceptions.ChannelClosedByBroker:
        return False
    finally:
        if connection.is_open:
            connection.close()


def produce(place, command, *arguments):
    ran = subprocess.run([*command, *arguments], env={**os.environ, **place.environment("tasks")},
                         capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    expect(ran.returncode, 0, f"the producer's status ({ran.stderr})")
    return json.loads(ran.stdout)


def dead_letters(place, count):
    import pika
    connection = pika.BlockingConnection(pika.URLParameters(place.broker["WAYBILL_AMQP_URL"]))
    channel = connection.channel()
    letters = []
    for method, properties, body in channel.consume("waybill-dead", auto_ack=True,
                                                    inactivity_timeout=PATIENCE_SECONDS):
        if method is None:
            break
        letters.append((properties, body))
        if len(letters) == count:
            break
    connection.close()
    return letters


def check_producer(place, command, message_id):
    until("the queue is there", lambda: declared(place, "tasks"))
    page = {"url": f"https://example.org/{message_id}"}
    made = produce(place, command, "ipfs.addurl", json.dumps(page), message_id)
    expect(made["meta"], {"code": 200, "message": "successfully enqueued task"}, "the answer")
    again = produce(place, command, "ipfs.addurl", json.dumps(page), message_id)
    expect(again["meta"]["message"], "the task was enqueued before", "the second answer")
    expect(again["data"]["id"], made["data"]["id"], "the id of both")
    task = place.task(made["data"]["id"])
    expect((task["definition"], task["params"], task["queue"], task["created_by"]),
           ("fetch-page", page, "pages", "import:archive"), "the task")
    for kind, body, why in (("ipfs.addurl", "{", "no JSON"), ("ipfs.addurl", "{}", "url"),
                            ("other", "{}", "takes no messages of type")):
        refused = produce(place, command, kind, body)
        expect(refused["meta"]["code"], 400, "the code of what is malformed")
        if why not in refused["meta"]["error"]:
            raise AssertionError(f"{refused} does not say {why!r}")
    letters = dead_letters(place, 3)
    expect([body for _, body in letters], [b"{", b"{}", b"{}"], "dead letters")
    for (properties, _), why in zip(letters, ("no JSON", "url", "takes no messages")):
        if why not in properties.headers["waybill-rejected-reason"]:
            raise AssertionError(f"{properties.headers} does not say {why!r}")
        expect(properties.headers["waybill-import"], "archive", "the import")


def check_task_mgmt(place):
    """As task_mgmt published: a new connection, its declaration of the queue, the id as
    correlation_id, no message_id, no reply_to."""
    import pika
    own = "6f1d8a52-7f55-4b0e-8d0c-6f3c6a1c2b77"
    connection = pika.BlockingConnection(pika.URLParameters(place.broker["WAYBILL_AMQP_URL"]))
    channel = connection.channel()
    channel.queue_declare("tasks", durable=False)
    properties = pika.BasicProperties(content_type="application/json", correlation_id=own,
                                      type="ipfs.addurl", user_id="guest")
    for _ in range(2):
        channel.basic_publish("", "tasks", '{"url":"u"}', properties)
    connection.close()
    task = until("the task is there", lambda: [
        task for task in place.ask("GET", "/v1/tasks?limit=1000")["tasks"] if task["id"] == own])
    expect(len(task), 1, "tasks of that id")
    expect(task[0]["labels"], {"user": "guest"}, "labels")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--client", required=True, choices=["pika", "amqplib"])
    parser.add_argument("--directory", required=True)
    given = parser.parse_args()
    if rabbit.missing():
        skip(rabbit.missing())
    require_pika()
    examples = os.path.join(given.source, "examples", "brokers")
    if given.client == "pika":
        run = [sys.executable, "-B"]
        suffix = ".py"
    else:
        # Modules are looked for beside the program.
        npm_packages.install(os.path.join(HERE, "npm"), given.directory, "amqplib")
        for name in ("consume.mjs", "produce.mjs"):
            with open(os.path.join(examples, name), "rb") as source:
                with open(os.path.join(given.directory, name), "wb") as copy:
                    copy.write(source.read())
        examples, run, suffix = given.directory, ["node"], ".mjs"
    consumer = [*run, os.path.join(examples, "consume" + suffix)]
    producer = [*run, os.path.join(examples, "produce" + suffix)]
    with rabbit.Rabbit() as broker, BrokerPlace(given.waybill, broker.url) as place:
        check_consumer(place, consumer, given.client)
        check_producer(place, producer, f"{given.client}-1")
        if given.client == "pika":
            check_task_mgmt(place)


if __name__ == "__main__":
    main()
