// What a page shows of the server, asked for again when it may have changed.

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/client";
import type { TaskEvent } from "../api/types";
import { missed, onChange } from "./live";
import { useKept } from "./place";

export interface Resource<T> {
  data: T | undefined;
  problem: Problem | null;
  loading: boolean;
  reload: () => void;
}

export interface Refresh {
  /** Which changes make it ask again; none: no change does. */
  on?: (event: TaskEvent) => boolean;
  everyMs?: number;
  /** At most so often for changes. */
  restMs?: number;
}

/** Nothing that was shown before may be shown beside it. */
export function isRefusal({ status }: Problem): boolean {
  return status === 403 || status === 404;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, "The console failed", error instanceof Error ? error.message : "");
}

/** `key` says what is asked for: another one forgets what was answered. */
export function useResource<T>(
  key: string,
  load: (abort: AbortSignal) => Promise<T>,
  refresh: Refresh = {},
): Resource<T> {
  const [held, setHeld] = useState<{ key: string; data: T | undefined; problem: Problem | null }>({
    key,
    data: undefined,
    problem: null,
  });
  // Whoever goes back sees at once what was there.
  const kept = useKept<{ data?: T }>(`resource ${key}`, () => ({}));
  const [loading, setLoading] = useState(true);
  const now = useRef({ load, refresh, kept });
  now.current = { load, refresh, kept };
  const epoch = missed.value;
  const ask = useRef<() => void>(() => undefined);

  useEffect(() => {
    const abort = new AbortController();
    let isUnderWay = false;
    let isStale = false; // asked for again meanwhile
    const ended = () => {
      isUnderWay = false;
      if (isStale) ask.current();
      else setLoading(false);
    };
    // One at a time: were it begun anew at each change, a slow answer would never come.
    ask.current = () => {
      isStale = isUnderWay;
      if (isUnderWay || abort.signal.aborted) return;
      isUnderWay = true;
      setLoading(true);
      now.current.load(abort.signal).then(
        (data) => {
          if (abort.signal.aborted) return;
          now.current.kept.data = data;
          setHeld({ key, data, problem: null });
          ended();
        },
        (error) => {
          if (abort.signal.aborted) return;
          const problem = problemOf(error);
          const isGone = isRefusal(problem);
          if (isGone) delete now.current.kept.data;
          setHeld((old) => ({
            key,
            data: old.key === key && !isGone ? old.data : undefined,
            problem,
          }));
          ended();
        },
      );
    };
    ask.current();
    return () => abort.abort();
  }, [key, epoch]);

  useEffect(() => {
    const { on, everyMs, restMs = 1500 } = now.current.refresh;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      timer = undefined;
      ask.current();
    };
    const stopListening = on
      ? onChange((event) => {
          if (!timer && now.current.refresh.on?.(event)) timer = setTimeout(again, restMs);
        })
      : () => undefined;
    const clock = everyMs
      ? setInterval(() => document.hidden || ask.current(), everyMs)
      : undefined;
    return () => {
      clearTimeout(timer);
      clearInterval(clock);
      stopListening();
    };
  }, [key]);

  const isThis = held.key === key;
  return {
    data: (isThis ? held.data : undefined) ?? kept.data,
    problem: isThis ? held.problem : null,
    loading,
    reload: () => ask.current(),
  };
}
