"""Every fault that effects.py is to find, planted and found."""

import unittest

import effects


def task(name, state="succeeded", attempt=1):
    return {"id": name, "state": state, "attempt": attempt}


GOOD = [("begin", "a", 1), ("end", "a", 1)]


class EffectsTest(unittest.TestCase):
    def check(self, lines, tasks, accepted, expected):
        found = effects.violations(lines, tasks, accepted)
        self.assertEqual(len(found), 1 if expected else 0, found)
        if expected:
            self.assertIn(expected, found[0])

    def test_a_task_that_ran_once_is_right(self):
        self.check(GOOD, [task("a")], {"a"}, None)

    def test_an_attempt_that_was_cut_off_and_repeated_is_right(self):
        lines = [("begin", "a", 1), ("begin", "a", 2), ("end", "a", 2)]
        self.check(lines, [task("a", attempt=2)], {"a"}, None)

    def test_a_result_that_was_lost_with_its_worker_is_right(self):
        lines = GOOD + [("begin", "a", 2), ("end", "a", 2)]
        self.check(lines, [task("a", attempt=2)], {"a"}, None)

    def test_a_lost_task_is_found(self):
        self.check(GOOD, [task("a")], {"a", "b"}, "b was accepted")

    def test_a_task_out_of_nowhere_is_found(self):
        self.check(GOOD + [("begin", "b", 1)], [task("a")], {"a"}, "b ran and is not")

    def test_a_task_that_never_ended_is_found(self):
        self.check(GOOD, [task("a", state="leased")], {"a"}, "is leased")

    def test_a_success_without_an_effect_is_found(self):
        self.check([("begin", "a", 1)], [task("a")], {"a"}, "no end")

    def test_an_attempt_given_to_two_workers_is_found(self):
        self.check(GOOD + GOOD, [task("a")], {"a"}, "ran twice")

    def test_a_survivor_of_its_worker_is_found(self):
        lines = [("begin", "a", 1), ("begin", "a", 2), ("end", "a", 1), ("end", "a", 2)]
        self.check(lines, [task("a", attempt=2)], {"a"}, "went on")

    def test_an_attempt_that_the_ledger_forgot_is_found(self):
        self.check(GOOD + [("begin", "a", 2)], [task("a")], {"a"}, "as attempt 2")


if __name__ == "__main__":
    unittest.main()
