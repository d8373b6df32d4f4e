"""Somebody else's program: publishes a message for each line `ID TYPE` of its input until RabbitMQ
confirms it, however often that takes, and then says the id. With the id as message_id."""

import sys
import time

import pika

PAUSE_SECONDS = 0.1


def connect(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    return channel


def publish(channel, queue, name, kind):
    properties = pika.BasicProperties(message_id=name, type=kind, delivery_mode=2)
    channel.basic_publish("", queue, "{}", properties, mandatory=True)


def main():
    url, queue = sys.argv[1:]
    channel = None
    for line in sys.stdin:
        name, kind = line.split()
        while True:
            try:
                channel = channel or connect(url)
                publish(channel, queue, name, kind)
                break
            except (pika.exceptions.AMQPError, OSError):
                channel = None  # whether it arrived or not: it is published again
                time.sleep(PAUSE_SECONDS)
        print(name, flush=True)


if __name__ == "__main__":
    main()
