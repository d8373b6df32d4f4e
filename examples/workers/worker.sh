#!/bin/sh
# Runs the commands of a queue, given by WAYBILL_QUEUE, with curl and python3 for JSON;
# WAYBILL_URL and WAYBILL_TOKEN say where.
set -u
url=${WAYBILL_URL:-http://127.0.0.1:8470} queue=${WAYBILL_QUEUE:-default}
name=shell-$(cat /proc/sys/kernel/random/uuid)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && trap 'exit 143' TERM INT
# The token stays out of the list of processes. curl repeats with the same Idempotency-Key.
[ -z "${WAYBILL_TOKEN:-}" ] ||
  printf 'header = "Authorization: Bearer %s"\n' "$WAYBILL_TOKEN" >"$work/token"
unset WAYBILL_TOKEN # no business of the programs that are run
post() { # PATH, the body on standard input
  set -- "$1" "$(cat /proc/sys/kernel/random/uuid)"
  curl -sS --fail-with-body --retry 8 --retry-connrefused --max-time 90 \
    $([ -e "$work/token" ] && echo "-K $work/token") -H 'Content-Type: application/json' \
    -H "Idempotency-Key: $2" --data-binary @- "$url$1"
}
first() { # a field of the first task on standard input; nothing if there is none
  python3 -c 'import json,sys
for task in json.load(sys.stdin)["tasks"][:1]: print(task[sys.argv[1]])' "$1"
}
while :; do
  printf '{"worker":"%s","queues":["%s"],"kinds":["command"],"lease":"6s","wait":"30s"}' \
    "$name" "$queue" | post /v1/claims >"$work/claim" || { sleep 2; continue; }
  id=$(first id <"$work/claim") fence=$(first fence <"$work/claim")
  [ -n "$id" ] || continue
  python3 -c 'import json,os,sys
argv = json.load(sys.stdin)["tasks"][0]["spec"]["command"]
os.execvp(argv[0], argv)' <"$work/claim" >"$work/output" 2>&1 & program=$!
  held="\"id\":\"$id\",\"fence\":$fence" state=extended beats=0
  while kill -0 $program 2>/dev/null && [ "$state" = extended ]; do
    sleep 0.2; beats=$((beats + 1)); [ $((beats % 10)) = 0 ] || continue # a third of the lease
    state=$(printf '{"worker":"%s","lease":"6s","tasks":[{%s}]}' "$name" "$held" |
      post /v1/beats | first state)
  done
  [ "$state" = extended ] || kill -9 $program 2>/dev/null
  wait $program && outcome='"succeeded"' || outcome="\"failed\",\"error\":\"exit status $?\""
  [ "$state" = cancel_requested ] && outcome='"cancelled"' || [ "$state" = extended ] ||
    continue # lost: another may have it by now, report nothing
  python3 -c 'import json,sys
text = sys.stdin.buffer.read().decode(errors="replace")
print(json.dumps({"fence": int(sys.argv[1]), "chunks": [{"stream": "stdout", "text": text}]}))' \
    "$fence" <"$work/output" | post "/v1/tasks/$id/logs" || continue
  printf '{"tasks":[{%s,"outcome":%s}]}' "$held" "$outcome" | post /v1/finishes && echo
done
