// The rows of the list of tasks: those near the screen, however long the list is.

import { useEffect, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { Task } from "../api/types";
import { useKept } from "../state/place";
import { Foreign, Labels, StateBadge, Time, useNow } from "../ui/bits";
import { between, counted, shortId, taskName } from "../ui/format";
import { Gap, useLongList } from "../ui/long_list";

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
  const kept = useKept("picked", () => ({ picked: new Map() as Picked, before: [] as Task[] }));
  const [, setDrawn] = useState(0);
  const setPicked = (next: Picked) => {
    kept.picked = next;
    setDrawn((drawn) => drawn + 1);
  };
  useEffect(() => {
    const { picked, before } = kept;
    const here = new Set(tasks.map(({ id }) => id));
    let end = isEnd ? before.length : 0;
    if (!isEnd) before.forEach(({ id }, at) => here.has(id) && (end = at));
    const gone = before.slice(0, end).filter(({ id }) => !here.has(id) && picked.has(id));
    kept.before = tasks;
    if (!gone.length) return;
    const rest = new Map(picked);
    for (const { id } of gone) rest.delete(id);
    setPicked(rest);
  }, [tasks, isEnd]);
  return [kept.picked, setPicked] as const;
}

export function List(props: {
  tasks: Task[];
  isEnd: boolean;
  picked: Picked;
  setPicked: (picked: Picked) => void;
  /** Which rows are near the screen. */
  onLook: (first: number, last: number) => void;
}) {
  const { tasks, picked, setPicked } = props;
  const pick = (id: string) => {
    const next = new Map(picked);
    const task = tasks.find((one) => one.id === id);
    if (!next.delete(id) && task) next.set(id, task);
    setPicked(next);
  };
  const ids = tasks.map(({ id }) => id);
  const { body, drawn, range, onFocusIn } = useLongList({ name: "", ids, hasKeys: true, pick });
  useEffect(() => props.onLook(range.first, range.last), [range, tasks]);
  const all = tasks.length > 0 && tasks.every((task) => picked.has(task.id));
  const pickAll = () => setPicked(all ? new Map() : new Map(tasks.map((task) => [task.id, task])));
  return (
    <div class="table-frame">
      <table class="tasks" aria-rowcount={props.isEnd ? tasks.length + 1 : -1}>
        <caption class="unseen">Tasks</caption>
        <Head all={all} onAll={pickAll} />
        <tbody ref={body} onFocusIn={onFocusIn}>
          {drawn.map((row) => {
            if ("gap" in row) {
              return <Gap key={`gap ${row.from}`} height={row.gap} columns={COLUMNS} />;
            }
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
