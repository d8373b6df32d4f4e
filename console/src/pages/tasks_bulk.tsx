// The same for many tasks: those that are selected, or all that fit the filter.

import { useState } from "preact/hooks";
import { get, path, post } from "../api/client";
import { type BulkResult, LIVE, type State, STATES, type Task, type TaskPage } from "../api/types";
import { problemOf } from "../state/resource";
import { may } from "../state/session";
import { undoSeconds } from "../state/settings";
import { StateBadge, TaskLink, Trouble } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { counted, taskName } from "../ui/format";
import { Icon } from "../ui/icon";
import { doSoon } from "../ui/toast";
import type { Problem } from "../api/client";
import { type Filter, filterOf, isFiltered } from "./tasks_filter";

type Change = "cancel" | "retry";

const suits = {
  cancel: (state: State) => LIVE.includes(state),
  retry: (state: State) => state === "failed" || state === "cancelled",
};
const doing = { cancel: "Cancelling", retry: "Retrying" };
const done = { cancel: "Cancelled", retry: "Retried" };

/** What is asked of each by itself: one that cannot be changed any more stops no other. */
async function changeEach(change: Change, tasks: Task[], reason: string): Promise<string> {
  const refused: string[] = [];
  for (const task of tasks) {
    const body = change === "cancel" && reason ? { reason } : {};
    await post(path("tasks", task.id, change), body).catch((error) => {
      refused.push(problemOf(error).message);
    });
  }
  const text = `${done[change]}: ${counted(tasks.length - refused.length, "task")}`;
  return refused.length ? `${text}; ${refused.length} not: ${refused[0]}` : text;
}

function statesFor(change: Change, filter: Filter): State[] {
  return filter.states.filter((state) => suits[change](state));
}

function bulkBody(filter: Filter, reason: string, change: Change) {
  const states = statesFor(change, filter);
  const given = {
    queue: filter.queue,
    kind: filter.kind,
    definition: filter.definition,
    created_by: filter.createdBy,
    created_after: filter.after,
    created_before: filter.before,
    text: filter.text,
  };
  const { labels } = filter;
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  return {
    filter: {
      ...fields,
      ...(states.length ? { states } : {}),
      ...(labels.length ? { label: labels } : {}),
    },
    ...(reason ? { reason } : {}),
  };
}

async function changeAll(change: Change, filter: Filter, reason: string): Promise<string> {
  let changed = 0;
  let failed = 0;
  for (;;) {
    const result = await post<BulkResult>(`/v1/bulk/${change}`, bulkBody(filter, reason, change));
    changed += result.changed;
    failed += result.failed.length;
    if (!result.more || !result.changed) break;
  }
  return `${done[change]}: ${counted(changed, "task")}${failed ? `; ${failed} not` : ""}`;
}

const SAMPLE = 5;

/** Which ones it is about, as far as there is room. */
function Sample({ tasks, isAll }: { tasks: Task[]; isAll: boolean }) {
  if (!tasks.length) return null;
  return (
    <ul class="lines">
      {tasks.slice(0, SAMPLE).map((task) => (
        <li key={task.id}>
          <StateBadge state={task.state} /> {taskName(task)} <TaskLink id={task.id} />
        </li>
      ))}
      {!isAll && <li class="muted">and others</li>}
    </ul>
  );
}

function Confirm(props: {
  change: Change;
  sample: Task[];
  tasks: Task[];
  filter: Filter | null; // null: only the tasks
  matched: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const [reason, setReason] = useState("");
  const confirm = (event: Event) => {
    event.preventDefault();
    const { change, tasks, filter, onDone } = props;
    doSoon(`${doing[change]} ${props.matched}`, async () => {
      const text = filter
        ? await changeAll(change, filter, reason)
        : await changeEach(change, tasks, reason);
      onDone();
      return text;
    });
    props.onClose();
  };
  const verb = props.change === "cancel" ? "Cancel" : "Retry";
  return (
    <Dialog title={`${verb} ${props.matched}?`} onClose={props.onClose}>
      <form onSubmit={confirm}>
        {props.change === "cancel" ? (
          <p>Those that run are told to stop; their workers keep proof of how they ended.</p>
        ) : (
          <p>They become ready again, their counters at the beginning.</p>
        )}
        <Sample tasks={props.sample} isAll={props.sample.length <= SAMPLE} />
        {props.change === "cancel" && (
          <label class="field">
            <span>Reason (for the history)</span>
            <input
              value={reason}
              maxLength={1000}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
        )}
        <p class="muted">You have {undoSeconds.value} seconds to take it back.</p>
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            Leave them
          </button>
          <button type="submit" class={props.change === "cancel" ? "danger" : "primary"}>
            {verb} {props.matched}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** As it is now: what is made after somebody was told how many they are is not meant. */
function untilNow(filter: Filter): Filter {
  const now = new Date();
  // What is no time is the server's to refuse.
  const isLater = filter.before === "" || new Date(filter.before) >= now;
  return isLater ? { ...filter, before: now.toISOString() } : filter;
}

/** Why the bulk calls cannot take this filter; empty: they can. */
function whyNotAll(filter: Filter): string {
  return isFiltered(filter) ? "" : "set a filter first";
}

/** The same for one of them. Without states the server would take all that the call is for. */
function whyNotThis(change: Change, filter: Filter): string {
  const why = whyNotAll(filter);
  if (why || !filter.states.length || statesFor(change, filter).length) return why;
  return change === "cancel" ? "none of these can be cancelled" : "none of these can be retried";
}

interface Asked {
  change: Change;
  sample: Task[];
  matched: string;
  tasks: Task[];
  filter: Filter | null;
}

/** Asks first how many it would be, then for a yes; `shown` is what the page has to show of it. */
export function useBulk(onDone: () => void) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const ofAll = async (change: Change, given: Filter) => {
    try {
      const filter = untilNow(given);
      const body = { ...bulkBody(filter, "", change), preview: true };
      const { matched, more } = await post<BulkResult>(`/v1/bulk/${change}`, body);
      const states = statesFor(change, filter);
      const { tasks: sample } = await get<TaskPage>("/v1/tasks", {
        ...filterOf(filter),
        state: states.length ? states : STATES.filter(suits[change]),
        limit: SAMPLE + 1,
      });
      setProblem(null);
      const text = (more ? "more than " : "") + counted(matched, "task");
      setAsked({ change, sample, matched: text, tasks: [], filter });
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const ofThese = (change: Change, tasks: Task[]) =>
    setAsked({
      change,
      sample: tasks,
      matched: counted(tasks.length, "task"),
      tasks,
      filter: null,
    });
  const shown = (
    <>
      {problem && <Trouble problem={problem} />}
      {asked && <Confirm {...asked} onClose={() => setAsked(null)} onDone={onDone} />}
    </>
  );
  return { ofAll, ofThese, shown, isAsked: asked !== null };
}

export function BulkBar(props: { filter: Filter; picked: Task[]; onDone: () => void }) {
  const bulk = useBulk(props.onDone);
  if (!may("submit")) return null;
  const why = whyNotAll(props.filter);
  const ofPicked = (change: Change) => props.picked.filter((task) => suits[change](task.state));
  if (!props.picked.length && !isFiltered(props.filter) && !bulk.isAsked) return null;
  return (
    <div class="bulk">
      <div class="row" role="group" aria-label="Selected tasks">
        <span class="muted">
          {props.picked.length ? `${counted(props.picked.length, "task")} selected` : "Selected"}
        </span>
        {(["cancel", "retry"] as const).map((change) => (
          <button
            type="button"
            key={change}
            disabled={!ofPicked(change).length}
            onClick={() => bulk.ofThese(change, ofPicked(change))}
          >
            <Icon name={change === "cancel" ? "stop" : "retry"} />
            {change === "cancel" ? "Cancel" : "Retry"}
          </button>
        ))}
      </div>
      {may("operate") && (
        <div class="row" role="group" aria-label="All tasks that fit">
          <span class="muted">All that fit{why && ` (${why})`}</span>
          {(["cancel", "retry"] as const).map((change) => {
            const whyNot = whyNotThis(change, props.filter);
            return (
              <button
                type="button"
                key={change}
                disabled={!!whyNot}
                title={whyNot}
                onClick={() => void bulk.ofAll(change, props.filter)}
              >
                {change === "cancel" ? "Cancel all…" : "Retry all…"}
              </button>
            );
          })}
        </div>
      )}
      {bulk.shown}
    </div>
  );
}
