"""What tasks did in the world, against what the ledger says of them.

Each attempt of a task appends two lines to one file: `begin ID ATTEMPT` and `end ID ATTEMPT`.
"""

from collections import defaultdict


def read(path):
    """The lines of an effects file as (what, id, attempt), in the order in which they happened."""
    with open(path, encoding="utf-8") as file:
        rows = [line.split() for line in file]
    return [(what, task, int(attempt)) for what, task, attempt in rows]


def violations(effects, tasks, accepted):
    """What is wrong, one line each; nothing if all is right.

    `tasks` are the ledger's, as `task list --json` has them; `accepted` the ids that were promised.
    """
    by_id = {task["id"]: task for task in tasks}
    found = [f"{task} was accepted and is not in the ledger" for task in accepted - by_id.keys()]
    seen = defaultdict(list)
    for what, task, attempt in effects:
        seen[task].append((what, attempt))
    found += [f"{task} ran and is not in the ledger" for task in seen.keys() - by_id.keys()]
    for task in tasks:
        found += _of_task(task, seen[task["id"]])
    return sorted(found)


def _of_task(task, lines):
    name, last = task["id"], task["attempt"]
    if task["state"] != "succeeded":
        yield f"{name} is {task['state']}, not succeeded"
    for what in ("begin", "end"):
        if (what, last) not in lines:
            yield f"{name} has no {what} of its last attempt, {last}"
    if len(set(lines)) != len(lines):
        yield f"{name} has an attempt that ran twice: {lines}"
    attempts = [attempt for _, attempt in lines]
    if attempts != sorted(attempts):
        yield f"{name} has an attempt that went on when a later one had begun: {lines}"
    if attempts and max(attempts) > last:
        yield f"{name} ran as attempt {max(attempts)}, and the ledger knows of {last}"
