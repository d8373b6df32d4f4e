#!/bin/sh
# Runs the commands of a queue, given by WAYBILL_QUEUE, with curl and python3 for JSON;
# WAYBILL_URL and WAYBILL_TOKEN say where.
set -u
url=${WAYBILL_URL:-http://127.0.0.1:8470} queue=${WAYBILL_QUEUE:-default} name=shell-$$-$(date +%s)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && trap 'exit 143' TERM INT
# The token stays out of the list of processes. curl repeats with the same Idempotency-Key.
printf 'header = "Authorization: Bearer %s"\n' "${WAYBILL_TOKEN:-}" >"$work/token"
post() { # PATH, the body on standard input
  set -- "$1" "$(cat /proc/sys/kernel/random/uuid)"
  curl -sS --fail-with-body --retry 8 --retry-connrefused --max-time 90 ${WAYBILL_TOKEN:+-K "$work/token"} \
    -H 'Content-Type: application/json' -H "Idempotency-Key: $2" --data-binary @- "$url$1"
}
value() { python3 -c 'import json,sys; t=json.load(sys.stdin)["tasks"]; print(eval(sys.argv[1]) if t else "")' "$1"; }
while :; do
  printf '{"worker":"%s","queues":["%s"],"kinds":["command"],"lease":"6s","wait":"30s"}' "$name" "$queue" |
    post /v1/claims >"$work/claim" || { sleep 2; continue; }
  id=$(value 't[0]["id"]' <"$work/claim") fence=$(value 't[0]["fence"]' <"$work/claim")
  [ -n "$id" ] || continue
  python3 -c 'import json,os,sys; a=json.load(sys.stdin)["tasks"][0]["spec"]["command"]; os.execvp(a[0],a)' \
    <"$work/claim" >"$work/output" 2>&1 & program=$!
  held="\"id\":\"$id\",\"fence\":$fence" state=extended beats=0
  while kill -0 $program 2>/dev/null && [ "$state" = extended ]; do # beats at a third of the lease
    sleep 0.2; beats=$((beats + 1)); [ $((beats % 10)) = 0 ] || continue
    state=$(printf '{"worker":"%s","lease":"6s","tasks":[{%s}]}' "$name" "$held" | post /v1/beats | value 't[0]["state"]')
  done
  [ "$state" = extended ] || kill -9 $program 2>/dev/null
  wait $program && outcome='"succeeded"' || outcome="\"failed\",\"error\":\"it ended with status $?\""
  [ "$state" = cancel_requested ] && outcome='"cancelled"'
  [ "$state" = extended ] || [ "$state" = cancel_requested ] || continue # lost: report nothing
  python3 -c 'import json,sys; print(json.dumps({"fence": int(sys.argv[1]), "chunks":
    [{"stream": "stdout", "text": sys.stdin.buffer.read().decode(errors="replace")}]}))' "$fence" \
    <"$work/output" | post "/v1/tasks/$id/logs" || continue
  printf '{"tasks":[{%s,"outcome":%s}]}' "$held" "$outcome" | post /v1/finishes && echo
done
