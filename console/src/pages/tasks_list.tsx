// The rows of the list of tasks: those near the screen, however long the list is.

import { useEffect, useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import type { Task } from "../api/types";
import { singleKeys } from "../state/settings";
import { Foreign, Labels, StateBadge, Time, useNow } from "../ui/bits";
import { between, counted, shortId, taskName } from "../ui/format";
import { onKeys } from "../ui/keys";
import { useRows } from "../ui/rows";

/** So many rows before the end of what is loaded more is asked for. */
const NEAR_END = 10;
const COLUMNS = 8;

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

function Row(props: { task: Task; index: number; picked: boolean; onPick: () => void }) {
  const { task } = props;
  const now = useNow(task.state === "leased" ? 1000 : 60_000);
  return (
    <tr
      class={props.picked ? "picked" : ""}
      data-task={task.id}
      data-row={task.id}
      aria-rowindex={props.index}
    >
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

function Gap({ height }: { height: number }) {
  return (
    <tr class="gap" aria-hidden="true">
      <td colSpan={COLUMNS} style={{ height: `${height}px` }} />
    </tr>
  );
}

function Head(props: { all: boolean; onAll: () => void }) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        <th scope="col" class="pick">
          <input
            type="checkbox"
            aria-label="Select all that are loaded"
            checked={props.all}
            onChange={props.onAll}
          />
        </th>
        <th scope="col" class="of-state">
          State
        </th>
        <th scope="col">Task</th>
        <th scope="col" class="of-queue">
          Queue
        </th>
        <th scope="col" class="of-time">
          Created
        </th>
        <th scope="col" class="number">
          Took
        </th>
        <th scope="col" class="number">
          Attempt
        </th>
        <th scope="col" class="of-remark">
          Remark
        </th>
      </tr>
    </thead>
  );
}

export type Picked = ReadonlyMap<string, Task>;

/** What left the list is no longer selected; what may come below the loaded rows still is. */
export function usePicked(tasks: Task[], isEnd: boolean) {
  const [picked, setPicked] = useState<Picked>(new Map());
  const before = useRef<Task[]>([]);
  useEffect(() => {
    const here = new Set(tasks.map(({ id }) => id));
    let end = isEnd ? before.current.length : 0;
    if (!isEnd) before.current.forEach(({ id }, at) => here.has(id) && (end = at));
    const gone = before.current
      .slice(0, end)
      .filter(({ id }) => !here.has(id) && picked.has(id));
    before.current = tasks;
    if (!gone.length) return;
    const rest = new Map(picked);
    for (const { id } of gone) rest.delete(id);
    setPicked(rest);
  }, [tasks, isEnd]);
  return [picked, setPicked] as const;
}

export function List(props: {
  tasks: Task[];
  isEnd: boolean;
  picked: Picked;
  setPicked: (picked: Picked) => void;
  /** Which rows are near the screen. */
  onLook: (first: number, last: number, isNearEnd: boolean) => void;
}) {
  const { tasks, picked, setPicked } = props;
  const pick = (id: string) => {
    const next = new Map(picked);
    const task = tasks.find((one) => one.id === id);
    if (!next.delete(id) && task) next.set(id, task);
    setPicked(next);
  };
  const chosen = useKeys(tasks, pick);
  const [focused, setFocused] = useState("");
  const body = useRef<HTMLTableSectionElement>(null);
  const { drawn, range } = useRows(
    body,
    tasks.map(({ id }) => id),
    [chosen.id, focused],
  );
  // At a press only: a list that moves takes the focus from nobody.
  useEffect(() => {
    if (!chosen.presses) return;
    body.current?.querySelector<HTMLElement>(`[data-task="${chosen.id}"] a.row-link`)?.focus();
  }, [chosen]);
  useEffect(() => {
    props.onLook(range.first, range.last, range.last >= tasks.length - NEAR_END);
  }, [range, tasks]);
  const all = tasks.length > 0 && tasks.every((task) => picked.has(task.id));
  const pickAll = () => setPicked(all ? new Map() : new Map(tasks.map((task) => [task.id, task])));
  const keepFocused = (event: FocusEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("tr");
    setFocused(row?.dataset["task"] ?? "");
  };
  return (
    <div class="table-frame">
      <table class="tasks" aria-rowcount={props.isEnd ? tasks.length + 1 : -1}>
        <caption class="unseen">Tasks</caption>
        <Head all={all} onAll={pickAll} />
        <tbody ref={body} onFocusIn={keepFocused}>
          {drawn.map((row) => {
            if ("gap" in row) return <Gap key={`gap ${row.from}`} height={row.gap} />;
            const task = tasks[row.at]!;
            return (
              <Row
                key={task.id}
                task={task}
                index={row.at + 2}
                picked={picked.has(task.id)}
                onPick={() => pick(task.id)}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
