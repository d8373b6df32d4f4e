// Small things that every page uses.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { Problem } from "../api/client";
import type { State } from "../api/types";
import { isTime, localTime, relative, shortId, utcTime, visible } from "./format";
import { Icon, type IconName } from "./icon";

// One clock for all that shows time; what is older than a while changes rarely.
const fast = signal(Date.now());
const slow = signal(Date.now());
const SLOW_MS = 15_000;

function tick(): void {
  if (document.hidden) return;
  fast.value = Date.now();
  if (fast.value - slow.value >= SLOW_MS) slow.value = fast.value;
}
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);

/** The time, anew each second or, for what need not be so exact, every 15 s. */
export function useNow(everyMs = 1000): number {
  return everyMs < SLOW_MS ? fast.value : slow.value;
}

/** In the reader's zone, with the UTC on hover; what is no time as the text that it is. */
export function Time({
  at,
  as = "both",
}: {
  at: string | null;
  as?: "both" | "relative" | "local";
}) {
  const isOld = at !== null && Math.abs(slow.peek() - Date.parse(at)) > 120_000;
  const now = useNow(as === "local" || isOld ? SLOW_MS : 1000);
  if (!at) return <span class="muted">–</span>;
  if (!isTime(at)) return <Foreign text={at} />;
  const local = localTime(at);
  return (
    <time dateTime={at} title={as === "relative" ? `${local}\n${utcTime(at)}` : utcTime(at)}>
      {as === "relative" ? relative(at, now) : local}
      {as === "both" && <span class="muted"> · {relative(at, now)}</span>}
    </time>
  );
}

const STATE_ICONS: Record<State, IconName> = {
  blocked: "link",
  scheduled: "clock",
  ready: "ready",
  leased: "play",
  succeeded: "check",
  failed: "cross",
  cancelled: "stop",
};

/** Colour, sign and word: none of them alone says it. */
export function StateBadge({ state }: { state: State }) {
  return (
    <span class={`state state-${state}`}>
      <Icon name={STATE_ICONS[state]} />
      {state}
    </span>
  );
}

/** Text of others, cut with a way to read all of it; marks that could mislead are spelled out. */
export function Foreign({ text, max = 200 }: { text: string; max?: number }) {
  const [all, setAll] = useState(false);
  const shown = visible(text);
  if (shown.length <= max) return <bdi class="foreign">{shown}</bdi>;
  return (
    <bdi class="foreign">
      {all ? shown : shown.slice(0, max) + "…"}{" "}
      <button type="button" class="link" onClick={() => setAll(!all)}>
        {all ? "less" : "all of it"}
      </button>
    </bdi>
  );
}

export function TaskLink({ id }: { id: string }) {
  return (
    <Link href={`/tasks/${id}`} class="mono" title={id}>
      {shortId(id)}
    </Link>
  );
}

export function Page(props: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${props.title} · Waybill`;
  }, [props.title]);
  return (
    <>
      <header class="page-head">
        <h1 tabIndex={-1}>{props.title}</h1>
        {props.actions && <div class="row">{props.actions}</div>}
        {props.lead && <p class="lead">{props.lead}</p>}
      </header>
      {props.children}
    </>
  );
}

export function Panel(props: {
  title: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
  flush?: boolean;
}) {
  return (
    <section class={props.flush ? "panel flush" : "panel"}>
      <header>
        <h2>{props.title}</h2>
        {props.actions && <div class="row">{props.actions}</div>}
      </header>
      {props.children}
    </section>
  );
}

/** Nothing is there, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div>{children}</div>}
    </div>
  );
}

function whatToDo(problem: Problem): string {
  if (problem.status === 0) return "Is the server running? The console goes on by itself.";
  if (problem.status === 403) return "Ask an administrator for a role that may, or log in anew.";
  if (problem.status === 404) return "Retention may have removed it, or the address is mistyped.";
  if (problem.status === 429) return "Wait a moment, then try again.";
  if (problem.status >= 500) return "The server's log says more.";
  return "";
}

export function Trouble({ problem, retry }: { problem: Problem; retry?: () => void }) {
  return (
    <div class="trouble" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{problem.title}</strong>
        {problem.detail && (
          <p>
            <Foreign text={problem.detail} max={600} />
          </p>
        )}
        <p class="muted">{whatToDo(problem)}</p>
        {retry && (
          <button type="button" onClick={retry}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

export function Loading() {
  return (
    <p class="loading" role="status">
      Loading…
    </p>
  );
}

/** What was asked for, or why it is not there. */
export function Loaded<T>(props: {
  of: { data: T | undefined; problem: Problem | null; reload: () => void };
  children: (data: T) => ComponentChildren;
}) {
  const { data, problem, reload } = props.of;
  return (
    <>
      {problem && <Trouble problem={problem} retry={reload} />}
      {data !== undefined ? props.children(data) : !problem && <Loading />}
    </>
  );
}

export function Copy({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState(false);
  if (!navigator.clipboard) return null; // plain http of another machine
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    });
  };
  return (
    <button type="button" class="icon-button" aria-label={`Copy ${what}`} onClick={copy}>
      <Icon name={done ? "check" : "copy"} />
    </button>
  );
}

export function Labels({ labels }: { labels: Record<string, string> }) {
  const all = Object.entries(labels);
  if (!all.length) return null;
  return (
    <span class="labels">
      {all.map(([name, value]) => (
        <span class="label" key={name}>
          <Foreign text={`${name}=${value}`} max={60} />
        </span>
      ))}
    </span>
  );
}
