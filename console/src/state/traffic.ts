// What the stream of changes amounts to: how many each second, how long tasks waited and ran.

import { effect, signal } from "@preact/signals";
import type { TaskEvent } from "../api/types";
import { onChangeAndPast, pastDropped } from "./live";

/** Seconds that are kept: a quarter of an hour. */
export const KEPT_SECONDS = 900;
const TASKS_KEPT = 20_000;
const TIMES_KEPT = 2000;

export interface Second {
  at: number; // s since 1970
  created: number;
  succeeded: number;
  failed: number;
  ready: number; // how many more are ready after it than before
  leased: number;
}

const seconds = new Map<number, Second>();
const readySince = new Map<string, number>();
const leasedSince = new Map<string, number>();
const waits: { at: number; ms: number }[] = [];
const runs: { at: number; ms: number }[] = [];

/** Grows when the figures have changed, at most each second. */
export const figures = signal(0);
let since = Infinity;
let hasChanged = false;

function second(at: number): Second {
  let found = seconds.get(at);
  if (!found) {
    found = { at, created: 0, succeeded: 0, failed: 0, ready: 0, leased: 0 };
    seconds.set(at, found);
  }
  return found;
}

function remember(map: Map<string, number>, id: string, ms: number): void {
  map.set(id, ms);
  if (map.size > TASKS_KEPT) map.delete(map.keys().next().value as string);
}

function keepTime(list: { at: number; ms: number }[], at: number, from: number | undefined): void {
  if (from === undefined) return;
  list.push({ at, ms: Math.max(0, at - from) });
  if (list.length > TIMES_KEPT) list.shift();
}

/** Happenings that end a lease. */
const ENDS = ["succeeded", "failed", "retry_scheduled", "snoozed", "given_back", "lease_expired"];

/** What it changes in the numbers of ready and leased tasks, by where the task was before. */
function noteDepth(event: TaskEvent, counts: Second): void {
  const isChange = !["amended", "cancel_requested"].includes(event.happening);
  if (event.happening === "claimed") {
    counts.ready--;
    counts.leased++;
  } else if (ENDS.includes(event.happening) || leasedSince.has(event.id)) {
    if (event.state !== "leased") counts.leased--;
  } else if (event.happening === "cancelled" && readySince.has(event.id)) {
    counts.ready--;
  }
  if (event.state === "ready" && isChange && !readySince.has(event.id)) counts.ready++;
}

function note(event: TaskEvent): void {
  if (!event.at) return;
  const ms = Date.parse(event.at);
  since = Math.min(since, ms);
  if (Date.now() - ms > KEPT_SECONDS * 1000) return;
  const counts = second(Math.floor(ms / 1000));
  hasChanged = true;
  if (event.happening === "created") counts.created++;
  noteDepth(event, counts);
  if (event.state === "ready") remember(readySince, event.id, ms);
  else if (event.happening !== "claimed") readySince.delete(event.id);
  if (event.happening === "claimed") {
    keepTime(waits, ms, readySince.get(event.id));
    readySince.delete(event.id);
    remember(leasedSince, event.id, ms);
    return;
  }
  if (event.state === "leased") return;
  const ended = ["succeeded", "failed", "retry_scheduled"].includes(event.happening);
  if (ended) keepTime(runs, ms, leasedSince.get(event.id));
  leasedSince.delete(event.id);
  if (event.happening === "succeeded") counts.succeeded++;
  if (event.happening === "failed" || event.happening === "retry_scheduled") counts.failed++;
}

function forget(): void {
  seconds.clear();
  readySince.clear();
  leasedSince.clear();
  waits.length = 0;
  runs.length = 0;
  since = Infinity;
  hasChanged = true;
}

export function startTraffic(): () => void {
  const off = onChangeAndPast(note);
  const offDropped = effect(() => {
    if (pastDropped.value) forget();
  });
  const timer = setInterval(() => {
    const oldest = Date.now() / 1000 - KEPT_SECONDS;
    for (const at of seconds.keys()) if (at < oldest) seconds.delete(at);
    if (hasChanged) figures.value++;
    hasChanged = false;
  }, 1000);
  return () => {
    off();
    offDropped();
    clearInterval(timer);
  };
}

/** Changes in steps of `step` seconds until now, each as a rate a second. */
export function rates(step: number, span: number): [number[], number[], number[], number[]] {
  const end = Math.floor(Date.now() / 1000 / step) * step;
  const begin = end - span;
  const size = Math.round(span / step);
  const times = Array.from({ length: size }, (_, index) => begin + index * step);
  const rows = [0, 1, 2].map(() => new Array<number>(size).fill(0));
  for (const each of seconds.values()) {
    const at = Math.floor((each.at - begin) / step);
    if (at < 0 || at >= size) continue;
    rows[0]![at]! += each.created / step;
    rows[1]![at]! += each.succeeded / step;
    rows[2]![at]! += each.failed / step;
  }
  return [times, rows[0]!, rows[1]!, rows[2]!];
}

/** The same for how many were ready and leased at the end of each step, from how many are now. */
export function depths(
  step: number,
  span: number,
  now: { ready: number; leased: number },
): [number[], (number | null)[], (number | null)[]] {
  const [times] = rates(step, span);
  const ready: (number | null)[] = [];
  const leased: (number | null)[] = [];
  for (const time of times) {
    const end = time + step;
    const later = [...seconds.values()].filter(({ at }) => at >= end);
    const isKnown = end * 1000 >= since;
    const before = (of: "ready" | "leased") =>
      isKnown ? Math.max(0, now[of] - later.reduce((sum, each) => sum + each[of], 0)) : null;
    ready.push(before("ready"));
    leased.push(before("leased"));
  }
  return [times, ready, leased];
}

/** Medians of waits and runs that ended within each step, in seconds. */
export function medians(
  step: number,
  span: number,
): [number[], (number | null)[], (number | null)[]] {
  const [times] = rates(step, span);
  const of = (list: { at: number; ms: number }[]) =>
    times.map((time) => {
      const inside = list
        .filter(({ at }) => at >= time * 1000 && at < (time + step) * 1000)
        .map(({ ms }) => ms)
        .sort((a, b) => a - b);
      return inside.length ? inside[Math.floor(inside.length / 2)]! / 1000 : null;
    });
  return [times, of(waits), of(runs)];
}

export interface Spread {
  count: number;
  median: number;
  p95: number;
}

function spread(list: { at: number; ms: number }[], spanMs: number): Spread {
  const from = Date.now() - spanMs;
  const sorted = list.flatMap(({ at, ms }) => (at >= from ? [ms] : [])).sort((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { count: sorted.length, median: at(0.5), p95: at(0.95) };
}

export function waitTimes(spanMs: number): Spread {
  return spread(waits, spanMs);
}
export function runTimes(spanMs: number): Spread {
  return spread(runs, spanMs);
}
