"""Each fault of a long run is found, and a good one has none."""

import unittest

import judge

SHARE = 0.8


def samples(**growth):
    """A hundred, of which what is named is multiplied in the last quarter."""
    made = []
    for at in range(1, 101):
        one = {"at": at, "seconds": 1, "finished": 500, "dead": 3_000, "hot_bytes": 10 << 20,
               "server_bytes": 60 << 20, "worker_bytes": 40 << 20}
        if 25 < at <= 50:
            one.update(dead=400_000, hot_bytes=200 << 20)
        for name, times in growth.items():
            one[name] = int(one[name] * (times if at > 75 else 1))
        made.append(one)
    return made


class Judge(unittest.TestCase):
    def test_what_a_snapshot_costs_while_it_is_held_is_no_fault(self):
        self.assertEqual(judge.faults(samples(), SHARE), [])

    def test_each_fault_is_found(self):
        for name, times, words in (("dead", 4, "dead rows"), ("hot_bytes", 60, "live tasks"),
                                   ("server_bytes", 3, "memory of the server"),
                                   ("worker_bytes", 4, "memory of the worker"),
                                   ("finished", 0.7, "throughput"), ("finished", 0, "throughput")):
            [fault] = judge.faults(samples(**{name: times}), SHARE)
            self.assertIn(words, fault)

    def test_nothing_that_was_ever_done_is_a_fault_too(self):
        idle = [{**one, "finished": 0} for one in samples()]
        self.assertEqual(len(judge.faults(idle, SHARE)), 1)


if __name__ == "__main__":
    unittest.main()
