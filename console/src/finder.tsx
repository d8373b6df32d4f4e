// Ctrl+K: pages, definitions, queues, schedules, scans, pipelines, workers, runs, what admins keep,
// and tasks by id or text.

import { useEffect, useId, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { get, path } from "./api/client";
import type { Pipeline, Run } from "./api/runs";
import type { Definition, Queue, Schedule, Secret, TaskPage, Webhook, Worker } from "./api/types";
import { routes } from "./routes";
import { may } from "./state/session";
import { useResource } from "./state/resource";
import { Dialog } from "./ui/dialog";
import { shortId, taskName } from "./ui/format";

interface Found {
  what: string;
  title: string;
  to: string;
}

const MOST = 12;

/** Of the newest runs; older ones are found by their id. */
const RUNS = 50;
const name = encodeURIComponent;

async function pipelinesAndRuns(abort: AbortSignal): Promise<Found[]> {
  if (!__RUNS__) return [];
  const [{ pipelines }, { runs }] = await Promise.all([
    get<{ pipelines: Pipeline[] }>(path("pipelines"), {}, abort),
    get<{ runs: Run[] }>(path("runs"), { limit: RUNS }, abort),
  ]);
  return [
    ...pipelines.flatMap((each) => [
      { what: "pipeline", title: each.name, to: `/runs?pipeline=${name(each.name)}` },
      { what: "run", title: `${each.name}…`, to: `/start-run/${name(each.name)}` },
    ]),
    ...runs.map((each) => ({
      what: `run, ${each.state}`,
      title: `${each.pipeline} ${shortId(each.id)}`,
      to: `/runs/${each.id}`,
    })),
  ];
}

/** Secrets and webhooks by name, for those who may see them. */
async function ofAdmins(abort: AbortSignal): Promise<Found[]> {
  if (!may("admin")) return [];
  const [{ secrets }, { webhooks }] = await Promise.all([
    get<{ secrets: Secret[] }>("/v1/secrets", {}, abort),
    get<{ webhooks: Webhook[] }>("/v1/webhooks", {}, abort),
  ]);
  return [
    ...secrets.map((each) => ({ what: "secret", title: each.name, to: "/secrets" })),
    ...webhooks.map((each) => ({ what: "webhook", title: each.name, to: "/webhooks" })),
  ];
}

async function things(abort: AbortSignal): Promise<Found[]> {
  const [definitions, queues, schedules, scans, workers, ofRuns, kept] = await Promise.all([
    get<{ definitions: Definition[] }>("/v1/definitions", {}, abort),
    get<{ queues: Queue[] }>("/v1/queues", {}, abort),
    get<{ schedules: Schedule[] }>("/v1/schedules", { next: 0 }, abort),
    get<{ scans: { name: string }[] }>("/v1/scans", {}, abort),
    get<{ workers: Worker[] }>("/v1/workers", {}, abort),
    pipelinesAndRuns(abort),
    ofAdmins(abort),
  ]);
  return [
    ...routes.flatMap(({ path, menu }) =>
      menu && (!menu.right || may(menu.right))
        ? [{ what: "page", title: menu.title, to: path }]
        : [],
    ),
    ...definitions.definitions.flatMap((each) => [
      { what: "definition", title: each.name, to: `/definitions/${name(each.name)}` },
      { what: "start", title: each.name, to: `/start?definition=${name(each.name)}` },
    ]),
    ...queues.queues.map((each) => ({
      what: "queue",
      title: each.name,
      to: `/tasks?queue=${name(each.name)}`,
    })),
    ...schedules.schedules.map((each) => ({
      what: "schedule",
      title: each.name,
      to: `/schedules?name=${name(each.name)}`,
    })),
    ...workers.workers.map((each) => ({ what: "worker", title: each.name, to: "/workers" })),
    ...scans.scans.map((each) => ({
      what: "scan",
      title: each.name,
      to: `/scans/${name(each.name)}`,
    })),
    ...kept,
    ...ofRuns,
  ];
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Tasks; and where there is none of this id, the run that has it, however old. */
async function tasksOrRun(text: string, abort: AbortSignal): Promise<Found[]> {
  const { tasks } = await get<TaskPage>("/v1/tasks", { text, limit: 6 }, abort);
  if (!tasks.length && __RUNS__ && ID.test(text)) {
    const run = await get<Run>(path("runs", text), {}, abort);
    return [{ what: `run, ${run.state}`, title: run.pipeline, to: `/runs/${run.id}` }];
  }
  return tasks.map((task) => ({
    what: `task, ${task.state}`,
    title: `${taskName(task)} ${shortId(task.id)}`,
    to: `/tasks/${task.id}`,
  }));
}

function useTasksAndRun(text: string): Found[] {
  const [found, setFound] = useState<Found[]>([]);
  useEffect(() => {
    setFound([]);
    if (text.length < 3) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      tasksOrRun(text, abort.signal).then(
        setFound,
        () => setFound([]), // the pages and names are found all the same
      );
    }, 200);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);
  return found;
}

export function Finder({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [, navigate] = useLocation();
  const list = useId();
  const all = useResource("finder", things);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const named = (all.data ?? []).filter(({ what, title }) =>
    words.every((word) => `${what} ${title}`.toLowerCase().includes(word)),
  );
  const found = [...useTasksAndRun(text.trim()), ...named].slice(0, MOST);
  const chosen = Math.min(at, found.length - 1);
  const go = (one: Found | undefined) => {
    if (!one) return;
    onClose();
    navigate(one.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
    else if (event.key === "Enter") go(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Find" onClose={onClose}>
      <input
        type="text"
        role="combobox"
        aria-label="Page, name, task or run, or a task by text"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={found.length ? `${list}-${chosen}` : undefined}
        placeholder="Page, name, or a task by id or text"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        autoFocus
      />
      <ul class="found" role="listbox" id={list} aria-label="Found">
        {found.map((one, index) => (
          <li
            key={one.what + one.to}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => go(one)}
            onMouseMove={() => setAt(index)}
          >
            <span class="found-what">{one.what}</span> {one.title}
          </li>
        ))}
      </ul>
      {!found.length && (
        <p class="muted" role="status">
          {text ? "Nothing of that name. Tasks are found from three characters on." : "Loading…"}
        </p>
      )}
    </Dialog>
  );
}
