"""What the servers have that the console's tests look at."""

HOSTILE = "<script>document.title='broken'</script><img src=x onerror=alert(1)>\u202eright\u2066"
# Times and ids in it are not the server's.
ERROR_OF_OTHERS = (
    "no answer at 2026-99-99T99:99:99Z, since 0000-00-00T00:00:00Z or 2026-01-01T00:00:00Z; "
    "dump-2026-01-01T00:00:00Z.zim of 0193b0c0-0000-7000-8000-000000000001 in "
    "/x/0193b0c0-0000-7000-8000-000000000001/y; the last error: <b>2026-01-02T00:00:00Z</b>")

DEFINITIONS = r"""
tasks:
  greet:
    command: [sh, -c, 'echo "hello from attempt $WAYBILL_ATTEMPT"; echo "to stderr" >&2']
    labels: {team: data}
    params:
      type: object
      required: [who]
      properties:
        who: {type: string, minLength: 1, description: Whom to greet.}
        times: {type: integer, minimum: 1, maximum: 9, default: 1}
        tone: {type: string, enum: [kind, dry]}
        loud: {type: boolean}
        also: {type: array, items: {type: string}}
  fails:
    command: [sh, -c, 'echo "no answer from the host" >&2; exit 3']
    retry: {failures: 1}
  leaves-a-file:
    queue: reports
    command: [sh, -c, 'echo a,b > $WAYBILL_ARTIFACTS/report.csv']
  crawl:
    queue: crawl
    command: [./crawl.sh]
  held:
    queue: held
    command: ["true"]
queues:
  default: {}
  crawl: {concurrency: 2}
  held: {}
  reports: {}
pipelines:
  archive:
    params: {type: object, required: [day], properties: {day: {type: string}}}
    steps:
      list: {task: leaves-a-file}
      fetch: {needs: list, task: greet, for_each: [ann, ben], with: {who: "${{ item }}"}}
      approve: {needs: fetch, wait: {approval: {}}, timeout: 2d}
      tidy: {needs: approve, task: leaves-a-file}
  systems:
    steps:
      build:
        matrix: {system: [debian, "<b>alpine</b>"], machine: [amd64, arm64],
                 exclude: [{system: debian, machine: arm64}]}
        task: greet
        with: {who: "${{ matrix.system }}"}
      crawl: {needs: build, task: crawl}
schedules:
  nightly: {cron: "0 3 * * *", task: leaves-a-file}
  every-morning: {cron: "30 6 * * 1-5", zone: Europe/Berlin, task: greet, params: {who: all}}
"""


SCANS = r"""
scans:
  drop:
    planner: batches
    sources: {acme: ./drop/acme, other: ./drop/other}
    path: "{source}/{yyyy}/{MM}/{dd}/{HH}/{mm}/{batch}.{part}"
    parts: [data, sig]
    task: leaves-a-file
    every: 1s
"""
# What stands in the drop: two whole batches, and one of which a part is missing.
DROP = ("acme/2026/11/27/08/00/one.data", "acme/2026/11/27/08/00/one.sig",
        "acme/2026/11/27/09/00/two.data", "acme/2026/11/27/09/00/two.sig",
        "other/2026/11/27/08/30/three.data")
OF_GIT = """
tasks:
  free: {command: ["%s"]}
  form:
    command: ["true"]
    params:
      type: object
      properties:
        host: {type: string, pattern: "^[a-z]+$", minLength: 2}
        share: {type: number, exclusiveMinimum: 0, multipleOf: 0.5}
        place:
          type: object
          required: [x]
          properties: {x: {type: string}, note: {type: string, maxLength: 400}}
  guarded: {command: ["true"], who_may: {people: ["token:carol"]}}
"""
CHANGED = (
    ("command: [sh, -c, 'echo a,b > $WAYBILL_ARTIFACTS/report.csv']",
     """priority: 3
    command: [sh, -c, 'echo "<b>c</b>" > $WAYBILL_ARTIFACTS/report.csv']"""),
    ("tidy: {needs: approve, task: leaves-a-file}", "tidy: {needs: approve, task: held}"))

CRAWL = r"""#!/bin/sh
printf '{"progress": {"done": 30, "of": 120}}\n' >&"$WAYBILL_REPORT_FD"
n=0
while true; do n=$((n+1)); echo "page $n"; sleep 0.3; done
"""
