// The attempts of a task on one line of time.

import type { HistoryEntry } from "../api/types";
import { Foreign, Time, useNow } from "../ui/bits";
import { duration } from "../ui/format";

interface Attempt {
  number: number;
  fence: number;
  worker: string | null;
  from: number;
  to: number | null; // null: it runs
  end: HistoryEntry | null;
}

const OUTCOMES: Record<string, string> = {
  succeeded: "succeeded",
  failed: "failed",
  retry_scheduled: "failed, tried again",
  snoozed: "put off",
  given_back: "given back",
  lease_expired: "lease ran out",
  cancelled: "cancelled",
};

export function attemptsOf(history: HistoryEntry[]): Attempt[] {
  const attempts: Attempt[] = [];
  for (const entry of history) {
    if (!entry.at) continue;
    const open = attempts.at(-1);
    if (entry.happening === "claimed") {
      attempts.push({
        number: entry.attempt,
        fence: entry.fence,
        worker: entry.worker,
        from: Date.parse(entry.at),
        to: null,
        end: null,
      });
    } else if (open && open.to === null && entry.state !== "leased") {
      open.to = Date.parse(entry.at);
      open.end = entry;
    }
  }
  return attempts;
}

const TONES: Record<string, string> = {
  succeeded: "green",
  failed: "red",
  retry_scheduled: "red",
  lease_expired: "red",
};

function outcomeOf({ end }: Attempt): string {
  return end ? (OUTCOMES[end.happening] ?? end.happening) : "runs";
}

function Bar({ attempt, begin, end }: { attempt: Attempt; begin: number; end: number }) {
  const span = Math.max(end - begin, 1);
  const x = (100 * (attempt.from - begin)) / span;
  const width = Math.max(0.6, (100 * ((attempt.to ?? end) - attempt.from)) / span);
  const tone = attempt.end ? (TONES[attempt.end.happening] ?? "grey") : "amber";
  return (
    <svg class="attempt-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="0" width="100" height="8" />
      <rect class={`tone-${tone}`} x={Math.min(x, 99.4)} y="0" width={width} height="8" />
    </svg>
  );
}

export function Attempts({ history, isOver }: { history: HistoryEntry[]; isOver: boolean }) {
  const now = useNow();
  const attempts = attemptsOf(history);
  if (!attempts.length) {
    return (
      <p class="muted">{isOver ? "No worker claimed it." : "No worker has claimed it yet."}</p>
    );
  }
  const begin = attempts[0]!.from;
  const last = attempts.at(-1)!;
  const end = last.to ?? Math.max(now, last.from);
  return (
    <ol class="attempts">
      {attempts.slice(-100).map((attempt) => (
        <li key={attempt.fence}>
          <div class="spread">
            <span>
              <strong>{attempt.number}</strong> {outcomeOf(attempt)},{" "}
              {duration((attempt.to ?? now) - attempt.from)}
            </span>
            <span class="muted">
              <Time at={new Date(attempt.from).toISOString()} as="local" />
            </span>
          </div>
          <Bar attempt={attempt} begin={begin} end={end} />
          <p class="muted attempt-note">
            {attempt.worker ?? attempt.end?.worker}
            {attempt.end?.reason && (
              <>
                {" · "}
                <Foreign text={attempt.end.reason} />
              </>
            )}
          </p>
        </li>
      ))}
    </ol>
  );
}
