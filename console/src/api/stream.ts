// Server-sent events by fetch: an EventSource can send no token.

import { authorization, isAbort, Problem, turnedAway, withQuery, type Query } from "./client";

export interface Message {
  id: string;
  event: string;
  data: string;
}

/** The server sends a comment every 15 s: this long without a byte is a dead connection. */
const SILENCE_MS = 40_000;
const WAIT_MIN_MS = 400;
const WAIT_MAX_MS = 10_000;

/** Cuts text into messages as HTML, 9.2.6, has it; a line may come in pieces. */
export class MessageReader {
  private rest = "";
  private id = "";
  private event = "";
  private data: string[] = [];

  constructor(private readonly take: (message: Message) => void) {}

  push(text: string): void {
    const lines = (this.rest + text).split(/\r\n|\n|\r/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === "") {
      if (this.data.length) {
        const data = this.data.join("\n");
        this.take({ id: this.id, event: this.event || "message", data });
      }
      this.event = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.event = value;
    else if (field === "id") this.id = value;
  }
}

export interface Following {
  path: string;
  query?: Query;
  /** From where to go on; none: as the query says. */
  lastId: () => string;
  onMessage: (message: Message) => void;
  /** Refused: it is not tried again. */
  onState: (state: "connecting" | "open" | "lost" | "refused", problem?: Problem) => void;
}

async function readOnce(following: Following, abort: AbortController): Promise<void> {
  const last = following.lastId();
  let watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
  try {
    const response = await fetch(withQuery(following.path, following.query), {
      headers: { ...authorization(), ...(last ? { "Last-Event-ID": last } : {}) },
      signal: abort.signal,
      cache: "no-store",
    });
    if (response.status === 401) turnedAway.value++;
    if (!response.ok || !response.body) {
      throw new Problem(response.status, `The stream was answered ${response.status}`, "");
    }
    following.onState("open");
    const reader = new MessageReader(following.onMessage);
    const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await chunks.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
      reader.push(value);
    }
  } finally {
    clearTimeout(watchdog);
  }
}

/** Follows a stream, and again when it breaks, until the function that it returns is called. */
export function follow(following: Following): () => void {
  let stopped = false;
  let wait = WAIT_MIN_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort = new AbortController();
  const run = async (): Promise<void> => {
    abort = new AbortController();
    following.onState("connecting");
    const begun = performance.now();
    let problem: Problem | undefined;
    try {
      await readOnce(
        // What was on its way when it was stopped is for nobody.
        { ...following, onMessage: (message) => stopped || following.onMessage(message) },
        abort,
      );
    } catch (error) {
      if (error instanceof Problem) problem = error;
      else if (!isAbort(error)) problem = new Problem(0, "The server cannot be reached", "");
    }
    if (stopped) return;
    const isRefused = problem && [400, 401, 403, 404].includes(problem.status);
    following.onState(isRefused ? "refused" : "lost", problem);
    if (isRefused) return;
    if (performance.now() - begun > WAIT_MAX_MS) wait = WAIT_MIN_MS;
    timer = setTimeout(run, wait * (0.8 + Math.random() * 0.4));
    wait = Math.min(wait * 2, WAIT_MAX_MS);
  };
  void run();
  return () => {
    stopped = true;
    clearTimeout(timer);
    abort.abort();
  };
}
