"""What samples of a long run must look like."""

# Rows that are dead while nobody holds a snapshot are few: of the last quarter no more than this
# many times those of the first, and that share of all tasks besides. Each task leaves two.
DEAD_TIMES_MAX = 2
DEAD_SHARE_MAX = 0.05
# The hot table with its indexes holds live tasks only. What a snapshot made it is used again.
HOT_TIMES_MAX = 1.5
HOT_MORE_MAX = 32 << 20
# Caches are full by the second quarter.
MEMORY_TIMES_MAX = 1.5
MEMORY_MORE_MAX = 48 << 20


def quarter(samples, number):
    """Those of the first to fourth quarter of the time."""
    ends = samples[-1]["at"] / 4
    return [one for one in samples if (number - 1) * ends < one["at"] <= number * ends]


def largest(samples, name):
    return max(one[name] for one in samples)


def rate(samples):
    return sum(one["finished"] for one in samples) / sum(one["seconds"] for one in samples)


def faults(samples, throughput_share_min):
    """`samples` in their order: at, seconds, finished, dead, hot_bytes, server_bytes, worker_bytes.
    The snapshot was held in the second quarter."""
    first, second, last = (quarter(samples, number) for number in (1, 2, 4))
    found = []
    dead_max = int(DEAD_TIMES_MAX * largest(first, "dead") +
                   DEAD_SHARE_MAX * sum(one["finished"] for one in samples))
    if min(one["dead"] for one in last) > dead_max:
        found.append(f"dead rows grow: {last[-1]['dead']} at the end, at most {dead_max} expected")
    hot_max = HOT_TIMES_MAX * largest(first + second + quarter(samples, 3), "hot_bytes")
    if largest(last, "hot_bytes") > hot_max + HOT_MORE_MAX:
        found.append(f"the table of live tasks grows: {largest(last, 'hot_bytes')} bytes")
    for who in ("server", "worker"):
        name = f"{who}_bytes"
        memory_max = MEMORY_TIMES_MAX * largest(second, name) + MEMORY_MORE_MAX
        if min(one[name] for one in last) > memory_max:
            found.append(f"memory of the {who} grows: {last[-1][name]} bytes")
    share = rate(last) / rate(first) if rate(first) else 0
    if share < throughput_share_min:
        found.append(f"throughput of the last quarter is {share:.2f} of the first's, below "
                     f"{throughput_share_min}")
    return found
