#!/usr/bin/env python3
"""What clouds answer at odd times, and who is asked for credentials. Each case is a run, or a few;
what it comes to is a line of a table."""

import argparse
import concurrent.futures
import json
import subprocess
import sys
import tempfile
import time
from email.utils import formatdate

import odd_identities
from odd_cloud import Answer, LOST, error, listing
from odd_run import (ALL, KEYS, LOCK, PATIENCE_SECONDS, Run, WHERE, batch, is_list, is_publish,
                     sns_error, times)

AT_ONCE = 8


# Listings

def endless(keys, tokens):
    """Pages that never end, for what has to be listed of the peer's."""
    def hook(request):
        if not is_list(request):
            return None
        before = request.query.get("continuation-token")
        return listing(keys, token=tokens[(tokens.index(before) + 1) % len(tokens)]
                       if before in tokens else tokens[0])
    return hook


def broken_listing(run, hook, says):
    run.cloud.hook = hook
    run.expect("exit status", 1, run(**KEYS))
    run.expect_published((3, 0))  # the intake does not depend on the peer's
    run.expect_says(*says)
    run.expect_soon()
    run.expect("lock", False, LOCK in run.cloud.buckets["own-bucket"])
    run.cloud.hook = None  # the next run does what is left
    run.expect("exit status of the next run", 0, run(**KEYS))
    run.expect_published(ALL)


def always(answer):
    return lambda request: answer if is_list(request) else None


def empty_pages(run):
    """Pages without a key, but with more to come, are no end."""
    def hook(request):
        if not is_list(request):
            return None
        page = int(request.query.get("continuation-token", 0))
        keys = ["kittens/2020/10/31/07/30/summed.validity_0.sig"] if page == 7 else []
        return listing(keys, token=str(page + 1) if page < 9 else "")
    run.cloud.hook = hook
    run.expect("exit status", 0, run(**KEYS))
    run.expect_published(ALL)


ODD_NAMES = ("a+b", "a%2Bb", "a b", "a\nb", "ü", "<&>\"'", "日本", "a%", "%41", "x\\y", "a?b#c",
             "emoji😀", "a&amp;b", "]]>", "~", "*", "a;b=c")


def odd_names(run, encoded):
    run.cloud.buckets["ingest-bucket"].clear()
    for name in ODD_NAMES:
        run.cloud.objects("ingest-bucket", *batch(f"{name}/2020/10/31/11/00/id-{name}"),
                          *batch(f"{name}/2020/10/31/07/00/sum-{name}"))
        run.cloud.objects("peer-bucket", f"{name}/2020/10/31/07/00/sum-{name}.validity_0.sig")

    def plainly(request):
        if "list-type" not in request.query:
            return None
        query = {**request.query, "encoding-type": ""}
        return run.cloud.list(run.cloud.buckets[request.path.strip("/")], query)
    run.cloud.hook = None if encoded else plainly
    for _ in range(2):  # the second time there is nothing to do
        run.expect("exit status", 0, run(**KEYS))
        run.expect_published((len(ODD_NAMES), len(ODD_NAMES)))
    run.expect("batches", {"id-" + name for name in ODD_NAMES},
               {json.loads(body)["batch-id"] for body in run.cloud.published["intake"]})


# Answers that ask for patience

def once(run, where, answer, copies_max=1):
    run.cloud.hook = times(1, WHERE[where], answer)
    run.expect("exit status", 0, run(**KEYS))
    run.expect_published(ALL, copies_max)


def told_to_wait(run, where, answer):
    """For an hour: that is not waited for, and fails the run if it is in the way."""
    run.cloud.hook = times(1, WHERE[where], answer)
    run.expect("exit status", 1, run(**KEYS))
    run.expect_soon()
    run.expect("exit status of the next run", 0, run(**KEYS))
    run.expect("tasks", 4, sum(len(set(bodies)) for bodies in run.cloud.published.values()))


def refused_entries(run):
    """An answer of success that refuses two of three messages for the moment."""
    failed = "".join(f"<member><Id>{number}</Id><Code>Throttling</Code>"
                     "<SenderFault>false</SenderFault></member>" for number in (1, 3))

    def answer(request):
        done = "<Successful><member><Id>2</Id><MessageId>m</MessageId></member></Successful>"
        run.cloud.published["intake"].append(
            request.form["PublishBatchRequestEntries.member.2.Message"])
        return Answer(200, f"<PublishBatchResponse><PublishBatchResult>{done}<Failed>{failed}"
                           "</Failed></PublishBatchResult></PublishBatchResponse>")
    run.cloud.hook = times(1, lambda request: is_publish(request) and
                           request.form["TopicArn"].endswith("intake"), answer)
    run.expect("exit status", 0, run(**KEYS))
    run.expect_published(ALL)


# The scan lock

def left_lock(run, body):
    """Whatever lies in its place, from whomever: it is waited for for a lease, and followed."""
    run.cloud.buckets["own-bucket"][LOCK] = body
    run.expect("exit status", 0, run(**KEYS))
    run.expect_published(ALL)
    run.expect("locks left", [], [k for k in run.cloud.buckets["own-bucket"] if k.startswith(LOCK)])


def lock_taken_away(run):
    """Removed by an operator in mid-run: nothing more is begun, for another one may be at work."""
    def hook(_):
        run.cloud.buckets["own-bucket"].pop(LOCK)
        time.sleep(12)  # two renewals and more

    run.cloud.hook = times(1, lambda r: r.is_listing_of("ingest-bucket", "kittens/"), hook)
    run.expect("exit status", 1, run(**KEYS))
    run.expect_published((0, 0))
    run.expect_says("scan lock")
    run.expect("exit status of the next run", 0, run(**KEYS))
    run.expect_published(ALL)


def without_conditional_puts(run, answer):
    """Said at the start, and nothing is lost."""
    def hook(request):
        if request.method != "PUT" or "If-None-Match" not in request.headers:
            return None
        if answer is None:
            del request.headers["If-None-Match"]  # as a server that knows no such header
        return answer
    run.cloud.hook = hook
    run.expect("exit status", 0, run(**KEYS))
    run.expect_published(ALL)
    run.expect_says("two runs at once may publish a task twice")


def cases():
    """Name -> function of a run."""
    yield "a usual run", lambda run: (run.expect("exit status", 0, run(**KEYS)),
                                      run.expect_published(ALL))
    page = ["kittens/2020/10/31/07/30/summed.validity_0.sig"]
    for name, keys, tokens in (("one page for ever", page, ["a"]), ("no key for ever", [], ["a"]),
                               ("three pages in turn", [], ["a", "b", "c"])):
        yield name, lambda run, k=keys, t=tokens: broken_listing(run, endless(k, t), ["goes round"])
    begun = "<ListBucketResult><IsTruncated>false</IsTruncated>"
    for name, answer, says in (
            ("no token for the next page",
             Answer(200, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
             ["no token"]),
            ("an error with status 200", error(200, "InternalError"), ["no ListBucketResult"]),
            ("an empty listing of no bytes", Answer(200), ["no listing"]),
            ("XML that ends too early", Answer(200, begun + "<Contents><Key>kit"), ["no listing"]),
            ("a page of HTML", Answer(200, "<html><body>login</body></html>"), ["no listing"]),
            ("a body that is cut off", Answer(200, begun + "</ListBucketResult>", cut_at=30), [])):
        yield name, lambda run, a=answer, s=says: broken_listing(run, always(a), s)
    yield "empty pages before the end", empty_pages
    for encoded in (True, False):
        yield f"odd names, encoded: {encoded}", lambda run, e=encoded: odd_names(run, e)
    for where in WHERE:
        yield f"SlowDown at {where}", lambda run, w=where: once(
            run, w, error(503, "SlowDown", Retry_After="1"))
        yield f"an answer lost at {where}", lambda run, w=where: once(run, w, LOST, 2)
        yield f"a body that is late at {where}", lambda run, w=where: once(
            run, w, error(400, "RequestTimeout"))
        yield f"an error with status 200 at {where}", lambda run, w=where: told_to_wait(
            run, w, error(200, "InternalError")) if w in ("list", "publish") else once(
                run, w, error(200, "InternalError"))
        yield f"an hour to wait at {where}", lambda run, w=where: told_to_wait(
            run, w, error(503, "SlowDown", Retry_After="3600"))
    for after in ("-5", "soon", "1.5", "Sunday, 06-Nov-94 08:49:37 GMT",
                  formatdate(0, usegmt=True)):
        yield f"Retry-After: {after}", lambda run, a=after: once(
            run, "marker", error(503, "SlowDown", Retry_After=a))
    for after in ("99999999999999999999", formatdate(time.time() + 7200, usegmt=True)):
        yield f"Retry-After: {after}", lambda run, a=after: told_to_wait(
            run, "marker", error(500, "InternalError", Retry_After=a))
    yield "SNS throttles", lambda run: once(run, "publish", sns_error("Throttling"))
    yield "SNS refuses messages for the moment", refused_entries
    yield from odd_identities.cases()
    lease = json.dumps({"holder": "other pid=1", "token": "t1", "expires_at": "2999-01-01"})
    for name, body in (("empty", b""), ("no JSON", b"\x00\xff"), ("of the future", lease.encode())):
        yield f"a lock that is {name}", lambda run, b=body: left_lock(run, b)
    yield "a lock that is taken away", lock_taken_away
    yield "If-None-Match is ignored", lambda run: without_conditional_puts(run, None)
    yield "If-None-Match is not implemented", lambda run: without_conditional_puts(
        run, error(501, "NotImplemented"))


def play(program, name, case):
    with tempfile.TemporaryDirectory(prefix="waybill-odd-") as directory:
        run = Run(program, directory)
        try:
            case(run)
        except subprocess.TimeoutExpired:
            run.problems.append(f"did not end in {PATIENCE_SECONDS} s")
        finally:
            run.cloud.stop()
        if run.problems:
            run.problems += [f"stderr: {run.stderr}"]
        return [f"{name}: {problem}" for problem in run.problems]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("names", nargs="*", help="of cases; all unless given")
    options = parser.parse_args()
    chosen = [(name, case) for name, case in cases() if not options.names or name in options.names]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        # Those that wait longest come last in the table, and are begun first.
        done = [pool.submit(play, options.waybill, name, case) for name, case in reversed(chosen)]
        for future in reversed(done):
            problems = future.result()
            failed += bool(problems)
            for problem in problems:
                print(problem)
    print(f"{len(chosen)} cases, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
