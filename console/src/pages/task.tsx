// One task: where it stands, how it came there, what it said, what it left.

import { useEffect, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { get, path } from "../api/client";
import {
  type Explanation,
  type HistoryEntry,
  type JsonObject,
  LIVE,
  type Task,
} from "../api/types";
import { onProgress } from "../state/live";
import { type Resource, useResource } from "../state/resource";
import {
  Copy,
  Foreign,
  Labels,
  Loaded,
  Page,
  Panel,
  StateBadge,
  TaskLink,
  Time,
  useNow,
} from "../ui/bits";
import { between, duration, shortId, taskName, visible } from "../ui/format";
import { JsonView } from "../ui/json";
import { Sentence } from "../ui/sentence";
import { Table } from "../ui/table";
import { definitionSource, MadeBy } from "./task_origin";
import { TaskActions } from "./task_actions";
import { Artifacts } from "./task_artifacts";
import { Provenance } from "./task_provenance";
import { Attempts } from "./task_attempts";
import { LifePicture } from "./task_life";
import { LogPanel } from "./task_log";

const refresh = (id: string) => ({
  on: (event: { id: string }) => event.id === id,
  restMs: 300,
  everyMs: 10_000,
});

function Why({ why }: { why: Resource<Explanation> }) {
  return (
    <Panel title="Why it is where it is">
      <Loaded of={why}>
        {(explanation) => (
          <ol class="why">
            {explanation.conditions.map((condition) => (
              <li key={condition.reason + condition.sentence}>
                <Sentence of={condition} />
                {condition.earliest && Date.parse(condition.earliest) > Date.now() && (
                  <span class="muted">
                    {" "}
                    (<Time at={condition.earliest} as="relative" />)
                  </span>
                )}
                {condition.advice && (
                  <div>
                    <code>{visible(condition.advice)}</code>
                  </div>
                )}
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Panel>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ task }: { task: Task }) {
  const now = useNow();
  const { retry } = task;
  const source = definitionSource(task);
  return (
    <Panel title="Facts">
      <dl class="facts">
        <Fact name="Id">
          <span class="mono">{task.id}</span> <Copy text={task.id} what="the id" />
        </Fact>
        <Fact name="Queue">
          <Link href={`/tasks?queue=${encodeURIComponent(task.queue)}`}>{task.queue}</Link>
        </Fact>
        <Fact name="Kind">{task.kind}</Fact>
        {task.definition && (
          <Fact name="Definition">
            <Link href={`/definitions/${encodeURIComponent(task.definition)}`}>
              {task.definition}
            </Link>
            {source && (
              <div class="small">
                <Foreign text={source} max={200} />
              </div>
            )}
          </Fact>
        )}
        <Fact name="Priority">{task.priority}</Fact>
        <Fact name="Created">
          <Time at={task.created_at} />
          {task.created_by && (
            <>
              {" by "}
              <MadeBy task={task} />
            </>
          )}
        </Fact>
        {!task.finished_at && (
          <Fact name={task.state === "scheduled" ? "Due" : "Ready since"}>
            <Time at={task.run_at} />
          </Fact>
        )}
        {task.started_at && (
          <Fact name="Last started">
            <Time at={task.started_at} />
          </Fact>
        )}
        {task.finished_at && (
          <Fact name="Finished">
            <Time at={task.finished_at} />
            {task.started_at && `, took ${between(task.started_at, task.finished_at, now)}`}
          </Fact>
        )}
        {task.worker && <Fact name="Worker">{task.worker}</Fact>}
        {task.state === "leased" && task.lease_until && (
          <Fact name="Lease">for {duration(Date.parse(task.lease_until) - now)} more</Fact>
        )}
        <Fact name="Failures">
          {task.failures} of {retry.failures}; worker deaths {task.worker_deaths} of{" "}
          {retry.worker_deaths}
        </Fact>
        <Fact name="Backoff">
          {retry.backoff}, up to {retry.backoff_max}
        </Fact>
        <Fact name="Time limit">{task.timeout ?? "none"}</Fact>
        {task.dedup_key && (
          <Fact name="Dedup key">
            <Foreign text={task.dedup_key} max={80} />
          </Fact>
        )}
        {Object.keys(task.labels).length > 0 && (
          <Fact name="Labels">
            <Labels labels={task.labels} />
          </Fact>
        )}
        {task.notify?.map((rule) => (
          <Fact name="Tells" key={JSON.stringify(rule)}>
            <Foreign text={rule.url ?? rule.to.join(", ")} max={200} /> if {rule.on.join(" or ")}
          </Fact>
        ))}
        {task.waits_for.length > 0 && (
          <Fact name="Waits for">
            <span class="row">
              {task.waits_for.slice(0, 50).map((other) => (
                <TaskLink id={other} key={other} />
              ))}
              {task.waits_for.length > 50 && `and ${task.waits_for.length - 50} more`}
            </span>
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

function Progress({ task }: { task: Task }) {
  const said = useResource(
    `progress ${task.id} ${task.state}`,
    (abort) => get<{ progress: JsonObject | null }>(path("tasks", task.id, "progress"), {}, abort),
    task.state === "leased" ? { everyMs: 10_000 } : {},
  );
  const [live, setLive] = useState<{ of: string; progress: JsonObject } | null>(null);
  const run = `${task.id} ${task.fence}`;
  useEffect(
    () => onProgress((now) => now.id === task.id && setLive({ of: run, progress: now.progress })),
    [run],
  );
  // What was asked for is newer than what was heard before.
  useEffect(() => setLive(null), [said.data]);
  const progress = live?.of === run ? live.progress : said.data?.progress;
  if (!progress) return null;
  const { done, of: total } = progress as { done?: unknown; of?: unknown };
  const isShare = typeof done === "number" && typeof total === "number" && total > 0;
  return (
    <Panel title="Progress">
      {isShare && (
        <p class="progress-line">
          <progress max={total} value={done} aria-label="Progress" />
          <span>
            {done} of {total} ({Math.floor((100 * done) / total)}%)
          </span>
        </p>
      )}
      {!(isShare && Object.keys(progress).length === 2) && <JsonView value={progress} />}
    </Panel>
  );
}

function HistoryTable({ history }: { history: HistoryEntry[] }) {
  return (
    <details>
      <summary>Every change</summary>
      <Table
        caption="Every change of the task"
        rows={[...history].reverse()}
        id={(entry) => `${entry.at} ${entry.happening} ${entry.fence}`}
        columns={[
          { title: "At", cell: (entry) => <Time at={entry.at} as="local" /> },
          { title: "What", cell: (entry) => entry.happening.replaceAll("_", " ") },
          { title: "State", cell: (entry) => <StateBadge state={entry.state} /> },
          { title: "Attempt", cell: (entry) => entry.attempt || "", number: true },
          { title: "Worker", cell: (entry) => entry.worker },
          { title: "Reason", cell: (entry) => entry.reason && <Foreign text={entry.reason} /> },
        ]}
      />
    </details>
  );
}

/** Who ended it and why: while it ran, they asked for it first. */
function Cancelled({ history }: { history: HistoryEntry[] }) {
  const last = (what: string) => [...history].reverse().find((each) => each.happening === what);
  // One of an earlier life, before a retry, is not meant.
  const cancelled = last("cancelled");
  const asked = last("cancel_requested");
  const entry = asked && asked.fence === cancelled?.fence ? asked : cancelled;
  if (!entry?.reason) return null;
  return (
    <Panel title="Why it was cancelled">
      <p>
        by <Foreign text={entry.reason} max={1200} />, <Time at={entry.at} />
      </p>
    </Panel>
  );
}

function Shown(props: { task: Task; reload: () => void }) {
  const { task } = props;
  const why = useResource(
    `why ${task.id} ${task.state}`,
    (abort) => get<Explanation>(path("tasks", task.id, "why"), {}, abort),
    { on: () => LIVE.includes(task.state), everyMs: 5000, restMs: 3000 },
  );
  const history = useResource(
    `history ${task.id}`,
    (abort) => get<{ history: HistoryEntry[] }>(path("tasks", task.id, "history"), {}, abort),
    refresh(task.id),
  );
  return (
    <>
      {task.cancel && task.state === "leased" && (
        <div class="trouble">
          <p>
            <strong>{task.cancel.by}</strong> has asked for its end
            {task.cancel.reason && (
              <>
                : <Foreign text={task.cancel.reason} />
              </>
            )}
            . The worker lets go of it soon.
          </p>
        </div>
      )}
      {task.state === "cancelled" && <Cancelled history={history.data?.history ?? []} />}
      {task.error && (
        <Panel title={task.state === "failed" ? "Why it failed" : "Last failure"}>
          <pre>{visible(task.error)}</pre>
        </Panel>
      )}
      <div class="columns task-columns">
        <div class="stack">
          <Panel title="Life">
            <LifePicture state={task.state} history={history.data?.history ?? []} />
          </Panel>
          {LIVE.includes(task.state) && <Why why={why} />}
          <Progress task={task} />
          <Panel title="Attempts">
            <Loaded of={history}>
              {({ history: all }) => (
                <>
                  <Attempts history={all} isOver={task.finished_at !== null} />
                  <HistoryTable history={all} />
                </>
              )}
            </Loaded>
          </Panel>
        </div>
        <Facts task={task} />
      </div>
      <LogPanel id={task.id} name={taskName(task)} finishedAt={task.finished_at} />
      <Artifacts task={task} />
      <Provenance task={task} />
      <div class="columns">
        <Panel title="Params">
          {Object.keys(task.params).length ? (
            <JsonView value={task.params} />
          ) : (
            <p class="muted">None were given.</p>
          )}
        </Panel>
        {task.result && (
          <Panel title={task.state === "succeeded" ? "Result" : "Proof of how it ended"}>
            <JsonView value={task.result} />
          </Panel>
        )}
        <Panel title="Spec">
          <JsonView value={task.spec} />
        </Panel>
      </div>
    </>
  );
}

export function TaskPage({ id }: { id: string }) {
  const task = useResource(`task ${id}`, (abort) => get<Task>(path("tasks", id), {}, abort), {
    ...refresh(id),
    everyMs: 3000,
  });
  const shown = task.data;
  return (
    <Page
      title={shown ? taskName(shown) : shortId(id)}
      lead={
        shown && (
          <span class="row">
            <StateBadge state={shown.state} />
            <span class="mono">{shortId(id)}</span>
            {shown.attempt > 0 && <span>attempt {shown.attempt}</span>}
          </span>
        )
      }
      actions={shown && <TaskActions task={shown} onChange={task.reload} />}
    >
      <Loaded of={task}>{(found) => <Shown task={found} reload={task.reload} />}</Loaded>
    </Page>
  );
}
