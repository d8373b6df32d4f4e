// The list of tasks: its filters are the address, so that a link is a view.

import { useEffect, useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { get } from "../api/client";
import type { Task, TaskPage } from "../api/types";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { singleKeys } from "../state/settings";
import {
  Empty,
  Foreign,
  Labels,
  Loading,
  Page,
  StateBadge,
  Time,
  Trouble,
  useNow,
} from "../ui/bits";
import { between, counted, shortId, taskName } from "../ui/format";
import { Icon } from "../ui/icon";
import { onKeys } from "../ui/keys";
import { BulkBar } from "./tasks_bulk";
import { Filters, type Filter, filterOf, isFiltered, useFilter } from "./tasks_filter";

const PAGE = 50;

function took(task: Task, now: number): string {
  if (task.state === "leased" || task.finished_at) {
    return task.started_at ? between(task.started_at, task.finished_at, now) : "–";
  }
  return "";
}

function Remark({ task }: { task: Task }) {
  if (task.error) return <Foreign text={task.error} max={90} />;
  if (task.cancel && task.state === "leased") return <>cancel asked for by {task.cancel.by}</>;
  if (task.state === "scheduled") return <Due at={task.run_at} />;
  if (task.state === "blocked") return <>waits for {counted(task.waiting_for, "task")}</>;
  return <Labels labels={task.labels} />;
}

function Due({ at }: { at: string | null }) {
  return (
    <span>
      due <Time at={at} as="relative" />
    </span>
  );
}

function Row(props: { task: Task; picked: boolean; onPick: () => void }) {
  const { task } = props;
  const now = useNow(task.state === "leased" ? 1000 : 60_000);
  return (
    <tr class={props.picked ? "picked" : ""} data-task={task.id}>
      <td class="pick">
        <input
          type="checkbox"
          checked={props.picked}
          aria-label={`Select ${taskName(task)} ${shortId(task.id)}`}
          onChange={props.onPick}
        />
      </td>
      <td data-label="State">
        <StateBadge state={task.state} />
      </td>
      <td class="title">
        <Link href={`/tasks/${task.id}`} class="row-link">
          {taskName(task)} <span class="mono muted">{shortId(task.id)}</span>
        </Link>
      </td>
      <td data-label="Queue">{task.queue}</td>
      <td data-label="Created">
        <Time at={task.created_at} as="relative" />
      </td>
      <td data-label="Took" class="number">
        {took(task, now)}
      </td>
      <td data-label="Attempt" class="number">
        {task.attempt || ""}
      </td>
      <td data-label="Remark" class="remark">
        <Remark task={task} />
      </td>
    </tr>
  );
}

/** The one chosen by keys stays so however the list moves. */
interface Chosen {
  id: string;
  presses: number;
}

function useKeys(tasks: Task[], pick: (id: string) => void): Chosen {
  const [chosen, setChosen] = useState<Chosen>({ id: "", presses: 0 });
  const [, navigate] = useLocation();
  // The second of two quick keys comes before anything is drawn after the first.
  const now = useRef({ tasks, pick, chosen, at: -1 });
  now.current = { ...now.current, tasks, pick };
  useEffect(() => {
    if (!singleKeys.value) return undefined;
    const find = () => now.current.tasks.findIndex(({ id }) => id === now.current.chosen.id);
    const move = (step: number) => {
      const { tasks: all, at: last } = now.current;
      const found = find();
      // If it has left the list, from where it stood: what was below it has moved up.
      const from = found >= 0 ? found : step > 0 ? last - 1 : last;
      const at = Math.max(0, Math.min(from + step, all.length - 1));
      const id = all[at]?.id;
      if (!id) return;
      now.current.at = at;
      now.current.chosen = { id, presses: now.current.chosen.presses + 1 };
      setChosen(now.current.chosen);
    };
    const withChosen = (work: (id: string) => void) => () => {
      if (find() >= 0) work(now.current.chosen.id);
    };
    return onKeys({
      j: () => move(1),
      k: () => move(-1),
      x: withChosen((id) => now.current.pick(id)),
      o: withChosen((id) => navigate(`/tasks/${id}`)),
    });
  }, [navigate, singleKeys.value]);
  return chosen;
}

function List(props: {
  tasks: Task[];
  picked: ReadonlySet<string>;
  setPicked: (picked: ReadonlySet<string>) => void;
}) {
  const { tasks, picked, setPicked } = props;
  const pick = (id: string) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  };
  const chosen = useKeys(tasks, pick);
  const table = useRef<HTMLTableElement>(null);
  // At a press only: a list that moves takes the focus from nobody.
  useEffect(() => {
    if (!chosen.presses) return;
    table.current?.querySelector<HTMLElement>(`[data-task="${chosen.id}"] a.row-link`)?.focus();
  }, [chosen]);
  const all = tasks.length > 0 && tasks.every((task) => picked.has(task.id));
  return (
    <div class="table-frame">
      <table class="tasks" ref={table}>
        <caption class="unseen">Tasks</caption>
        <thead>
          <tr>
            <th scope="col" class="pick">
              <input
                type="checkbox"
                aria-label="Select all on this page"
                checked={all}
                onChange={() => setPicked(all ? new Set() : new Set(tasks.map((task) => task.id)))}
              />
            </th>
            <th scope="col">State</th>
            <th scope="col">Task</th>
            <th scope="col">Queue</th>
            <th scope="col">Created</th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col" class="number">
              Attempt
            </th>
            <th scope="col">Remark</th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((task) => (
            <Row
              key={task.id}
              task={task}
              picked={picked.has(task.id)}
              onPick={() => pick(task.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Nothing({ filter }: { filter: Filter }) {
  if (filter.cursor || isFiltered(filter)) {
    return (
      <Empty title="No task fits these filters">
        <p>
          Take one of them away, or <Link href="/tasks">look at all tasks</Link>.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="There are no tasks yet">
      <p>
        {may("submit") ? <Link href="/start">Start a first one</Link> : "Ask somebody to start one"}
        , or at the command line: <code>waybill task create -- echo hello</code>
      </p>
    </Empty>
  );
}

/** What the server has to be asked: a page that was not filled may have a next one all the same. */
function usePage(filter: Filter) {
  const query = { ...filterOf(filter), limit: PAGE, cursor: filter.cursor };
  return useResource(JSON.stringify(query), (abort) => get<TaskPage>("/v1/tasks", query, abort), {
    on: (event) => !filter.queue || event.queue === filter.queue,
    everyMs: 30_000,
  });
}

export function TasksPage() {
  const [filter, setFilter] = useFilter();
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const page = usePage(filter);
  const tasks = page.data?.tasks ?? [];
  useEffect(() => setPicked(new Set()), [JSON.stringify(filter)]);
  const next = page.data?.next_cursor;
  return (
    <Page
      title="Tasks"
      actions={
        may("submit") && (
          <Link href="/start" class="button primary">
            <Icon name="start" /> Start a task
          </Link>
        )
      }
    >
      <Filters filter={filter} onChange={setFilter} />
      <BulkBar
        filter={filter}
        picked={tasks.filter((task) => picked.has(task.id))}
        onDone={() => {
          setPicked(new Set());
          page.reload();
        }}
      />
      {page.problem && <Trouble problem={page.problem} retry={page.reload} />}
      {page.data?.damaged.map((damaged) => (
        <p class="trouble" key={damaged.id}>
          Task {damaged.id} cannot be read: <Foreign text={damaged.what} />. `waybill db check` says
          more.
        </p>
      ))}
      {!page.data && !page.problem && <Loading />}
      {page.data && !tasks.length && !next && <Nothing filter={filter} />}
      {page.data && !tasks.length && next && (
        <Empty title="Nothing among the first 20,000">
          <p>Tasks that fit may come on later pages.</p>
        </Empty>
      )}
      {tasks.length > 0 && <List tasks={tasks} picked={picked} setPicked={setPicked} />}
      <nav class="pager" aria-label="Pages">
        {filter.cursor && (
          <button type="button" onClick={() => setFilter({ ...filter, cursor: "" })}>
            First page
          </button>
        )}
        {next && (
          <button type="button" onClick={() => setFilter({ ...filter, cursor: next })}>
            Next page
          </button>
        )}
      </nav>
    </Page>
  );
}
