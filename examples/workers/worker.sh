#!/bin/sh
# Runs the commands of a queue; WAYBILL_URL, WAYBILL_QUEUE and WAYBILL_TOKEN say of which.
name=shell-$(cat /proc/sys/kernel/random/uuid) work=$(mktemp -d) ending=
trap 'rm -rf "$work"' EXIT && trap 'ending=1' TERM INT
printf 'header = "%s"\n' 'Content-Type: application/json' \
  "Authorization: Bearer ${WAYBILL_TOKEN:-none}" >"$work/headers" && unset WAYBILL_TOKEN
# PATH, and the body on standard input. Each repeat has the same Idempotency-Key.
post() { curl -sS --fail-with-body --retry 8 --retry-connrefused --max-time 90 -K "$work/headers" \
  -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" --data-binary @- "$WAYBILL_URL$1"; }
first() { python3 -c "import json; print(*(t['$1'] for t in json.load(open(0))['tasks'][:1]))"; }
while [ -z "$ending" ]; do
  printf '{"worker":"%s","queues":["%s"],"lease":"6s","wait":"5s"}' "$name" "$WAYBILL_QUEUE" |
    post /v1/claims >"$work/claim" || { sleep 2; continue; }
  id=$(first id <"$work/claim") && [ -n "$id" ] || continue
  fence=$(first fence <"$work/claim") held="\"id\":\"$id\",\"fence\":$fence" state=extended
  python3 -c 'import json, os, re; task = json.load(open(0))["tasks"][0]; spec = task["spec"]
units, limit = dict(h=3600, m=60, s=1, ms=1e-3), task["timeout"] or "0s"
limit = sum(float(n) * units[unit] for n, unit in re.findall("([0-9.]+)(h|ms?|s)", limit))
run = spec.get("command") or ["sh", "-c", spec["shell"]]
os.execvp("timeout", ["timeout", "-k5", str(limit), *run])' <"$work/claim" >"$work/output" 2>&1 &
  program=$!
  while kill -0 $program 2>/dev/null && [ "$state$ending" = extended ]; do
    timeout 2 tail -s 0.1 -f /dev/null --pid=$program || # a third of the lease is over
      state=$(printf '{"worker":"%s","lease":"6s","tasks":[{%s}]}' "$name" "$held" |
        post /v1/beats | first state)
  done
  if [ "$state$ending" != extended ]; then kill -9 -$program $program; outcome=given_back
  elif wait $program; then outcome=succeeded; else outcome=failed; fi
  case $state in cancel_requested) outcome=cancelled ;; lost) continue ;; esac
  python3 -c "import json; print(json.dumps({'fence': $fence, 'chunks': [{'stream': 'stdout',
    'text': open(0, errors='replace').read(2**19)}]}))" <"$work/output" |
    post "/v1/tasks/$id/logs" || continue
  printf '{"tasks":[{%s,"outcome":"%s"}]}' "$held" "$outcome" | post /v1/finishes && echo
done
