// A long list as a chain of keyset pages: what follows is asked for as one nears it, and what may
// have changed is asked for again where one looks.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../api/client";
import { missed, onChange } from "./live";
import { boundPlaces, useKept } from "./place";
import { isRefusal, problemOf, type Refresh } from "./resource";

interface Answer {
  next_cursor: string | null;
}

interface Held<T> {
  cursor: string;
  answer: T;
  /** How many changes had been heard when it was asked for. */
  heard: number;
}

/** What outlives the page: going back begins with it. */
interface Kept<T> {
  held: readonly Held<T>[];
  seen: { first: number; last: number };
}

export interface Pages<T> {
  /** None: nothing was answered yet. */
  pages: readonly T[];
  next: string | null;
  problem: Problem | null;
  loading: boolean;
  reload: () => void;
  more: () => void;
  /** Which pages one sees: the others are asked for again when one comes to them. */
  look: (first: number, last: number) => void;
}

export type Load<T> = (cursor: string, abort: AbortSignal) => Promise<T>;

function rowsIn<T extends Answer>({ held }: Kept<T>): number {
  const lists = held.flatMap(({ answer }) => Object.values(answer).filter(Array.isArray));
  return lists.reduce((sum, list) => sum + list.length, 0);
}

/** Does one thing at a time, and tells by `draw` that there is something new. */
class Chain<T extends Answer> {
  problem: Problem | null = null;
  isBusy = true;
  readonly abort = new AbortController();
  private heard = 0;
  private wanted = { again: false, more: false };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isUnderWay = false;

  constructor(
    private readonly start: string,
    private readonly load: Load<T>,
    private readonly draw: () => void,
    readonly kept: Kept<T>,
  ) {
    // Nobody has listened meanwhile.
    kept.held = kept.held.map((page) => ({ ...page, heard: -1 }));
  }

  get held(): readonly Held<T>[] {
    return this.kept.held;
  }

  get next(): string | null {
    return this.held[this.held.length - 1]?.answer.next_cursor ?? null;
  }

  end(): void {
    clearTimeout(this.timer);
    this.abort.abort();
  }

  again(): void {
    this.heard++;
    this.wanted.again = true;
    void this.work();
  }

  /** The same, not at once: others may follow. */
  againIn(ms: number): void {
    this.heard++;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.again();
    }, ms);
  }

  more(): void {
    if (this.next === null || this.problem) return;
    this.wanted.more = true;
    void this.work();
  }

  look(first: number, last: number, restMs: number): void {
    this.kept.seen = { first, last };
    const isOld = this.held.slice(first, last + 1).some(({ heard }) => heard < this.heard);
    if (isOld && !this.isUnderWay) this.againIn(restMs);
  }

  private async ask(cursor: string): Promise<Held<T>> {
    const { heard } = this;
    return { cursor, answer: await this.load(cursor, this.abort.signal), heard };
  }

  /** From the first page that is seen to the last; what follows stays if it still follows. */
  private async refresh(): Promise<void> {
    const first = Math.min(this.kept.seen.first, Math.max(0, this.held.length - 1));
    let cursor: string | null = this.held[first]?.cursor ?? this.start;
    const fresh: Held<T>[] = [];
    do {
      const page: Held<T> = await this.ask(cursor);
      fresh.push(page);
      cursor = page.answer.next_cursor;
    } while (cursor !== null && first + fresh.length <= this.kept.seen.last);
    const rest = this.held.slice(first + fresh.length);
    const follows = rest[0]?.cursor === cursor;
    this.kept.held = [...this.held.slice(0, first), ...fresh, ...(follows ? rest : [])];
  }

  private async append(): Promise<void> {
    const { next } = this;
    if (next === null) return;
    this.kept.held = [...this.held, await this.ask(next)];
    boundPlaces();
  }

  private async work(): Promise<void> {
    if (this.isUnderWay || this.abort.signal.aborted) return;
    this.isUnderWay = true;
    this.isBusy = true;
    this.draw();
    try {
      while (this.wanted.again || this.wanted.more) {
        if (this.wanted.again) {
          this.wanted.again = false;
          await this.refresh();
        } else {
          await this.append();
          this.wanted.more = false; // whoever asked meanwhile has it now
        }
        if (this.abort.signal.aborted) return;
        this.problem = null;
        this.draw();
      }
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.wanted = { again: false, more: false };
      this.problem = problemOf(error);
      if (isRefusal(this.problem)) this.kept.held = [];
    }
    this.isUnderWay = false;
    this.isBusy = false;
    this.draw();
  }
}

/** `key` says what is asked for: another one forgets what was answered. */
export function usePages<T extends Answer>(
  key: string,
  start: string,
  load: Load<T>,
  refresh: Refresh = {},
): Pages<T> {
  const [, setDrawn] = useState(0);
  const now = useRef({ load, refresh });
  now.current = { load, refresh };
  const chain = useRef<{ key: string; of: Chain<T> } | null>(null);
  const kept = useKept<Kept<T>>(
    `pages ${key}`,
    () => ({ held: [], seen: { first: 0, last: 0 } }),
    rowsIn,
  );
  if (chain.current?.key !== key || chain.current.of.kept !== kept) {
    chain.current?.of.end();
    const ask: Load<T> = (cursor, abort) => now.current.load(cursor, abort);
    const draw = () => setDrawn((drawn) => drawn + 1);
    chain.current = { key, of: new Chain(start, ask, draw, kept) };
  }
  const { of } = chain.current;
  const { restMs = 1500, everyMs } = refresh;

  useEffect(() => of.again(), [of, missed.value]);
  useEffect(() => {
    const stop = onChange((event) => {
      if (now.current.refresh.on?.(event)) of.againIn(restMs);
    });
    const clock = everyMs
      ? setInterval(() => document.hidden || of.again(), everyMs)
      : undefined;
    return () => {
      stop();
      clearInterval(clock);
      of.end();
    };
  }, [of]);

  return {
    pages: of.held.map(({ answer }) => answer),
    next: of.next,
    problem: of.problem,
    loading: of.isBusy,
    reload: () => of.again(),
    more: () => of.more(),
    look: (first, last) => of.look(first, last, restMs),
  };
}
