// Ctrl+K: pages, definitions, queues, schedules, workers, and tasks by id or text.

import { useEffect, useId, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { get } from "./api/client";
import type { Definition, Queue, Schedule, TaskPage } from "./api/types";
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

async function things(abort: AbortSignal): Promise<Found[]> {
  const [definitions, queues, schedules] = await Promise.all([
    get<{ definitions: Definition[] }>("/v1/definitions", {}, abort),
    get<{ queues: Queue[] }>("/v1/queues", {}, abort),
    get<{ schedules: Schedule[] }>("/v1/schedules", {}, abort),
  ]);
  const name = encodeURIComponent;
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
  ];
}

function useTasks(text: string): Found[] {
  const [found, setFound] = useState<Found[]>([]);
  useEffect(() => {
    setFound([]);
    if (text.length < 3) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      get<TaskPage>("/v1/tasks", { text, limit: 6 }, abort.signal).then(
        (page) =>
          setFound(
            page.tasks.map((task) => ({
              what: `task, ${task.state}`,
              title: `${taskName(task)} ${shortId(task.id)}`,
              to: `/tasks/${task.id}`,
            })),
          ),
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
  const found = [...useTasks(text.trim()), ...named].slice(0, MOST);
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
        type="search"
        role="combobox"
        aria-label="Page, definition, queue, schedule, or a task by id or text"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={found.length ? `${list}-${chosen}` : undefined}
        placeholder="Page, definition, queue, or a task by id or text"
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
