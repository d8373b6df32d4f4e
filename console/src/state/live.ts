// The stream of changes, one for the whole tab: pages listen to it, charts count what it says.

import { signal } from "@preact/signals";
import { follow, type Message } from "../api/stream";
import type { TaskEvent, TaskProgress } from "../api/types";

export type Connection = "off" | "connecting" | "live" | "lost" | "refused";
export const connection = signal<Connection>("off");
/** Grows when something may have been missed, so that all that is shown is asked for anew. */
export const missed = signal(0);

type Listener = (event: TaskEvent) => void;
const listeners = new Set<Listener>();
const pastListeners = new Set<Listener>();
const progressListeners = new Set<(said: TaskProgress) => void>();

/** Greater than any sequence: what is answered to it says which is the newest. */
const BEYOND = String(Number.MAX_SAFE_INTEGER);
/** A commit of the ledger has room for so many changes in its sequences. */
const COMMIT = 2 ** 20;
/** How far back the charts begin. */
const PAST_COMMITS = 3000;
/** A commit may be one change or ten thousand: of more than this the charts do without. */
const PAST_MOST = 20_000;
/** Grows when the past was too much, and what was heard of it is to be forgotten. */
export const pastDropped = signal(0);

let last = "";
let newest = Infinity; // what was newest when the tab began to listen
let past = 0;
let stop: (() => void) | null = null;
let wasLost = false;

function isTaskEvent(value: unknown): value is TaskEvent {
  return typeof value === "object" && value !== null && "sequence" in value && "state" in value;
}

function take(message: Message): void {
  if (message.event === "reset") {
    const { sequence } = JSON.parse(message.data) as { sequence: number };
    if (newest === Infinity) {
      newest = sequence;
      last = String(Math.max(0, sequence - PAST_COMMITS * COMMIT));
      restart();
      return;
    }
    // A ledger that was put back counts from less: those are changes of now all the same.
    newest = sequence;
    last = message.id || last;
    missed.value++;
    return;
  }
  if (message.event === "progress") {
    const said = JSON.parse(message.data) as TaskProgress;
    for (const listener of progressListeners) listener(said);
    return;
  }
  const event: unknown = JSON.parse(message.data);
  if (message.event !== "task" || !isTaskEvent(event)) return;
  last = message.id || last;
  if (event.sequence <= newest && ++past > PAST_MOST) {
    last = String(newest);
    pastDropped.value++;
    restart();
    return;
  }
  for (const listener of pastListeners) listener(event);
  if (event.sequence > newest) for (const listener of listeners) listener(event);
}

function begin(): void {
  if (stop || document.hidden) return;
  stop = follow({
    path: "/v1/events",
    lastId: () => last || BEYOND,
    onMessage: take,
    onState: (state) => {
      connection.value = state === "open" ? "live" : state;
      if (state === "lost" || state === "refused") wasLost = true;
      if (state === "open" && wasLost) {
        wasLost = false;
        missed.value++;
      }
    },
  });
}

function end(): void {
  stop?.();
  stop = null;
  connection.value = "off";
}

function restart(): void {
  end();
  // Not from within the stream that is being ended.
  setTimeout(begin, 0);
}

/** A hidden tab lets go of its connection: a browser has six for each server. */
function followVisibility(): void {
  if (document.hidden) end();
  else begin();
}

export function startLive(): () => void {
  document.addEventListener("visibilitychange", followVisibility);
  begin();
  return () => {
    document.removeEventListener("visibilitychange", followVisibility);
    end();
  };
}

/** Calls back for each change from now on. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Also for those of the last while that come first. */
export function onChangeAndPast(listener: Listener): () => void {
  pastListeners.add(listener);
  return () => void pastListeners.delete(listener);
}

/** Calls back for what running tasks say of their progress. */
export function onProgress(listener: (said: TaskProgress) => void): () => void {
  progressListeners.add(listener);
  return () => void progressListeners.delete(listener);
}
