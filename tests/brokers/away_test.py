#!/usr/bin/env python3
"""RabbitMQ goes and comes back, and an idle server says so to Prometheus. Exit status 77: a program
that this needs is not here."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("http", "servers"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))
import rabbit  # noqa: E402  pylint: disable=wrong-import-position
import serving  # noqa: E402  pylint: disable=wrong-import-position

PATIENCE_SECONDS = 90


class Away(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = rabbit.Rabbit()
        cls.addClassCleanup(cls.broker.__exit__)

    def serve(self, *words):
        served = serving.Serving(*words, environment={"WAYBILL_AMQP_URL": self.broker.url})
        self.addCleanup(served.close)
        return served

    @staticmethod
    def await_metric(served, wanted):
        line = f"waybill_broker_up {wanted}\n".encode()
        serving.until(lambda: line in served.get("/metrics").body, f"broker_up {wanted}",
                      PATIENCE_SECONDS)

    def test_a_server_that_has_nothing_to_tell_knows_that_its_broker_is_away(self):
        served = self.serve("--queue", "amqp")
        self.await_metric(served, 1)
        self.broker.kill()
        self.await_metric(served, 0)
        serving.until(lambda: '"broker_away"' in served.log(), "the log says it", PATIENCE_SECONDS)
        self.assertNotIn("guest:guest", served.log())
        self.broker.start()
        self.await_metric(served, 1)
        serving.until(lambda: '"broker_back"' in served.log(), "the log says it", PATIENCE_SECONDS)
        # One line each, however long it took.
        self.assertEqual(served.log().count('"broker_away"'), 1)
        self.assertEqual(served.terminate(), 0)

    def test_a_broker_that_hangs_is_away_and_keeps_no_server_from_ending(self):
        served = self.serve("--queue", "amqp")
        self.await_metric(served, 1)
        self.broker.freeze()
        self.addCleanup(self.broker.go_on)
        self.await_metric(served, 0)
        self.assertEqual(served.terminate(), 0)

    def test_imports_alone_are_reason_enough_to_ask(self):
        definitions = os.path.join(self.broker.directory.name, "definitions")
        os.mkdir(definitions)
        with open(os.path.join(definitions, "all.yaml"), "w", encoding="utf-8") as file:
            file.write("imports:\n  orders: {queue: orders}\n")
        self.await_metric(self.serve("--definitions", definitions), 1)

    def test_who_uses_none_has_no_such_metric(self):
        served = self.serve()
        self.assertNotIn(b"waybill_broker_up", served.get("/metrics").body)


if __name__ == "__main__":
    serving.options_of()
    if rabbit.missing():
        print(f"away_test.py: Skipped\n{rabbit.missing()}")
        sys.exit(77)
    unittest.main()
