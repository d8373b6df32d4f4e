// How it goes: what passes, what waits, what is stuck and why.

import { useMemo } from "preact/hooks";
import { Link } from "wouter-preact";
import { get, path, withQuery } from "../api/client";
import {
  type Explanation,
  type Queue,
  type Schedule,
  type State,
  STATES,
  type Task,
  type TaskPage,
  type Worker,
} from "../api/types";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import {
  depths,
  figures,
  medians,
  rates,
  runTimes,
  type Spread,
  waitTimes,
} from "../state/traffic";
import { Empty, Foreign, Loaded, Page, Panel, StateBadge, Time, useNow } from "../ui/bits";
import { Chart, type Line } from "../ui/chart";
import { count, counted, duration, taskName } from "../ui/format";
import { Icon } from "../ui/icon";
import { Sentence } from "../ui/sentence";
import { DisksPanel, DiskWarnings, useDisks } from "./overview_disks";

const THROUGHPUT: Line[] = [
  { label: "created", color: "--blue" },
  { label: "succeeded", color: "--green" },
  { label: "failed", color: "--red" },
];
const WAITING: State[] = ["blocked", "scheduled", "ready"];
const SPAN_SECONDS = 600;
const STEP_SECONDS = 5;

function sums(queues: Queue[]): Record<State, number> {
  const all = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
  for (const queue of queues) for (const state of STATES) all[state] += queue.tasks[state];
  return all;
}

function Counts({ queues }: { queues: Queue[] }) {
  const all = sums(queues);
  return (
    <ul class="counts" aria-label="Tasks by state">
      {STATES.map((state) => (
        <li key={state}>
          <Link href={`/tasks?state=${state}`}>
            <span class="counts-number">{count(all[state])}</span>
            <StateBadge state={state} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

function spreadText(spread: Spread): string {
  if (!spread.count) return "–";
  return `median ${duration(spread.median)}, 95% ${duration(spread.p95)}`;
}

const DEPTH: Line[] = [
  { label: "ready", color: "--blue" },
  { label: "leased", color: "--amber" },
];
const TIMES: Line[] = [
  { label: "wait", color: "--violet" },
  { label: "run", color: "--green" },
];

/** Anew when something has changed, and when a step is over. */
function useSteps<T>(make: () => T, more: unknown[] = []): T {
  useNow();
  const tick = figures.value;
  const now = Math.floor(Date.now() / 1000 / STEP_SECONDS);
  return useMemo(make, [tick, now, ...more]);
}

function Throughput() {
  const data = useSteps(() => rates(STEP_SECONDS, SPAN_SECONDS));
  const total = (at: 1 | 2 | 3) =>
    Math.round(data[at].reduce((sum, rate) => sum + rate * STEP_SECONDS, 0));
  return (
    <Panel title="Throughput, tasks a second">
      <Chart
        label="Tasks a second over the last ten minutes"
        lines={THROUGHPUT}
        data={data}
        unit="/s"
      />
      <p>
        {count(total(1))} created, {count(total(2))} succeeded, {counted(total(3), "failure")} in
        ten minutes
      </p>
    </Panel>
  );
}

function DepthOverTime({ queues }: { queues: Queue[] }) {
  const { ready, leased } = sums(queues);
  const data = useSteps(
    () => depths(STEP_SECONDS, SPAN_SECONDS, { ready, leased }),
    [ready, leased],
  );
  return (
    <Panel title="Ready and leased tasks">
      <Chart label="Ready and leased tasks over the last ten minutes" lines={DEPTH} data={data} />
      <p>
        {counted(ready, "task")} ready, {count(leased)} leased now
      </p>
    </Panel>
  );
}

function Times() {
  const data = useSteps(() => medians(3 * STEP_SECONDS, SPAN_SECONDS));
  const waited = waitTimes(SPAN_SECONDS * 1000);
  const ran = runTimes(SPAN_SECONDS * 1000);
  return (
    <Panel title="Wait until claimed, run of an attempt">
      <Chart
        label="Median wait and run over the last ten minutes, in seconds"
        lines={TIMES}
        data={data}
        unit=" s"
      />
      <p>
        Wait: {spreadText(waited)}. Run: {spreadText(ran)}
      </p>
    </Panel>
  );
}

interface Stuck {
  task: Task;
  why: Explanation | null;
}

/** The oldest that could start and do not, each with its reason. */
async function loadStuck(abort: AbortSignal): Promise<Stuck[]> {
  const page = await get<TaskPage>(
    "/v1/tasks",
    { state: ["ready", "blocked"], order: "oldest_first", limit: 5 },
    abort,
  );
  return Promise.all(
    page.tasks.map(async (task) => ({
      task,
      why: await get<Explanation>(path("tasks", task.id, "why"), {}, abort).catch(() => null),
    })),
  );
}

function StuckPanel() {
  const stuck = useResource("stuck", loadStuck, { on: () => true, everyMs: 15_000, restMs: 4000 });
  return (
    <Panel title="Waiting longest, and why">
      <Loaded of={stuck}>
        {(all) =>
          all.length ? (
            <ul class="lines">
              {all.map(({ task, why }) => (
                <li key={task.id}>
                  <StateBadge state={task.state} />{" "}
                  <Link href={`/tasks/${task.id}`}>{taskName(task)}</Link>
                  {` in ${task.queue}, made `}
                  <Time at={task.created_at} as="relative" />
                  {why?.conditions[0] && (
                    <p class="muted">
                      <Sentence of={why.conditions[0]} />
                    </p>
                  )}
                </li>
              ))}
            </ul>
          ) : (
            <Empty title="Nothing waits for a worker or another task" />
          )
        }
      </Loaded>
    </Panel>
  );
}

function DeadLetters() {
  const failed = useResource(
    "dead letters",
    (abort) => get<TaskPage>("/v1/tasks", { state: "failed", limit: 5 }, abort),
    { on: (event) => event.state === "failed" || event.happening === "retried", everyMs: 30_000 },
  );
  return (
    <Panel title="Failed lately" actions={<Link href="/tasks?state=failed">all that failed</Link>}>
      <Loaded of={failed}>
        {({ tasks }) =>
          tasks.length ? (
            <ul class="lines">
              {tasks.map((task) => (
                <li key={task.id}>
                  <Link href={`/tasks/${task.id}`}>{taskName(task)}</Link> in {task.queue},{" "}
                  <Time at={task.finished_at} as="relative" />
                  {task.error && (
                    <p class="muted">
                      <Foreign text={task.error} />
                    </p>
                  )}
                </li>
              ))}
            </ul>
          ) : (
            <Empty title="No failed task is kept" />
          )
        }
      </Loaded>
    </Panel>
  );
}

function WorkersPanel({ queues }: { queues: Queue[] }) {
  const workers = useResource(
    "workers",
    (abort) => get<{ workers: Worker[] }>("/v1/workers", {}, abort),
    { everyMs: 5000 },
  );
  const waiting = sums(queues).ready;
  return (
    <Panel title="Workers" actions={<Link href="/workers">all workers</Link>}>
      <Loaded of={workers}>
        {({ workers: all }) => {
          const slots = all.reduce((sum, worker) => sum + worker.slots, 0);
          const busy = all.reduce((sum, worker) => sum + worker.busy, 0);
          if (!all.length) {
            return (
              <Empty title="No worker is there">
                <p>
                  {waiting ? `${counted(waiting, "task")} would be ready to start. ` : ""}
                  Start one: <code>waybill worker</code>
                </p>
              </Empty>
            );
          }
          return (
            <>
              <p>
                {counted(all.length, "worker")}, {count(busy)} of {counted(slots, "slot")} in use
              </p>
              <meter min={0} max={Math.max(slots, 1)} value={busy} aria-label="Slots in use" />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function NextSchedules() {
  const schedules = useResource(
    "schedules",
    (abort) => get<{ schedules: Schedule[] }>("/v1/schedules", {}, abort),
    { everyMs: 30_000 },
  );
  return (
    <Panel title="Next schedules" actions={<Link href="/schedules">all schedules</Link>}>
      <Loaded of={schedules}>
        {({ schedules: all }) => {
          const next = all
            .filter((schedule) => schedule.next && !schedule.paused)
            .sort((a, b) => a.next!.localeCompare(b.next!))
            .slice(0, 5);
          if (!next.length) return <Empty title="No schedule will fire" />;
          return (
            <ul class="lines">
              {next.map((schedule) => (
                <li key={schedule.name} class="spread">
                  <span>{schedule.name}</span>
                  <Time at={schedule.next} as="relative" />
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function Warnings({ queues }: { queues: Queue[] }) {
  const held = queues.filter((queue) => queue.paused);
  if (!held.length) return null;
  return (
    <div class="trouble">
      <Icon name="pause" />
      <div>
        {held.map((queue) => (
          <p key={queue.name}>
            Queue <strong>{queue.name}</strong> is paused: {counted(queue.tasks.ready, "task")} that
            could start {queue.tasks.ready === 1 ? "waits" : "wait"} there.{" "}
            <Link href="/queues">Look at queues</Link>
          </p>
        ))}
      </div>
    </div>
  );
}

function Depth({ queues }: { queues: Queue[] }) {
  const waiting = (queue: Queue) => queue.tasks.ready + queue.tasks.scheduled + queue.tasks.blocked;
  const deepest = [...queues].sort((a, b) => waiting(b) - waiting(a)).slice(0, 6);
  const most = Math.max(1, ...deepest.map(waiting));
  return (
    <Panel title="Depth of queues" actions={<Link href="/queues">all queues</Link>}>
      <ul class="lines">
        {deepest.map((queue) => (
          <li key={queue.name} class="bar-line">
            <Link href={withQuery("/tasks", { queue: queue.name, state: WAITING })}>
              {queue.name}
            </Link>
            <meter
              min={0}
              max={most}
              value={waiting(queue)}
              aria-label={`Tasks that wait in ${queue.name}`}
            />
            <span class="number">
              {count(waiting(queue))} wait, {count(queue.tasks.leased)} run
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function OverviewPage() {
  const queues = useResource(
    "queues",
    (abort) => get<{ queues: Queue[] }>("/v1/queues", {}, abort),
    { on: () => true, everyMs: 10_000 },
  );
  const disks = useDisks();
  return (
    <Page
      title="Overview"
      actions={
        may("submit") && (
          <Link href="/start" class="button primary">
            <Icon name="start" /> Start a task
          </Link>
        )
      }
    >
      <Loaded of={queues}>
        {({ queues: all }) => (
          <>
            <DiskWarnings of={disks.data} />
            <Warnings queues={all} />
            <Counts queues={all} />
            <Throughput />
            <div class="columns charts">
              <DepthOverTime queues={all} />
              <Times />
            </div>
            <div class="columns">
              <StuckPanel />
              <DeadLetters />
              <Depth queues={all} />
              <WorkersPanel queues={all} />
              <NextSchedules />
              <DisksPanel disks={disks} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}
