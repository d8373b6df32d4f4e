// Pipelines, and their runs, newest first.

import { Link, useLocation, useSearch } from "wouter-preact";
import { get, path, withQuery } from "../api/client";
import { type Pipeline, type Run, RUN_STATES, type RunState } from "../api/runs";
import type { State } from "../api/types";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Foreign, Loaded, Page, Panel, Time, useNow } from "../ui/bits";
import { between, counted, shortId } from "../ui/format";
import { Icon } from "../ui/icon";
import { Table } from "../ui/table";

/** States of runs and steps have the colours of the tasks' states that they are most like. */
const LIKE: Record<string, State> = {
  waiting: "scheduled",
  running: "leased",
  skipped: "blocked",
  pending: "blocked",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
};

export function likeState(state: string): State {
  return LIKE[state] ?? "blocked";
}

export function RunBadge({ state }: { state: string }) {
  return <span class={`state state-${likeState(state)}`}>{state}</span>;
}

function Took({ run }: { run: Run }) {
  const now = useNow();
  return <>{between(run.started_at, run.ended_at, now)}</>;
}

function PipelinesPanel({ pipelines }: { pipelines: Pipeline[] }) {
  if (!pipelines.length) {
    return (
      <Empty title="The server has no pipelines">
        <p>
          Write one into the definitions: <code>pipelines:</code> with steps that need one another.
        </p>
      </Empty>
    );
  }
  return (
    <ul class="choose pipelines">
      {pipelines.map(({ name, steps }) => (
        <li key={name}>
          <Link href={`/start-run/${encodeURIComponent(name)}`}>
            <strong>{name}</strong>
            <span class="muted">
              {counted(steps.length, "step")}
              {may("submit") && "; run it…"}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function States({ states, go }: { states: RunState[]; go: (states: RunState[]) => void }) {
  return (
    <div class="chips" role="group" aria-label="States">
      <button type="button" aria-pressed={!states.length} onClick={() => go([])}>
        all
      </button>
      {RUN_STATES.map((state) => (
        <button
          type="button"
          key={state}
          aria-pressed={states.includes(state)}
          onClick={() =>
            go(states.includes(state) ? states.filter((one) => one !== state) : [...states, state])
          }
        >
          {state}
        </button>
      ))}
    </div>
  );
}

function RunTable({ runs }: { runs: Run[] }) {
  return (
    <Table
      caption="Runs"
      rows={runs}
      id={({ id }) => id}
      columns={[
        { title: "State", cell: ({ state }) => <RunBadge state={state} /> },
        {
          title: "Run",
          narrow: "title",
          cell: (run) => (
            <Link href={`/runs/${run.id}`}>
              {run.pipeline} <span class="mono muted">{shortId(run.id)}</span>
            </Link>
          ),
        },
        { title: "Made", cell: (run) => <Time at={run.created_at} as="relative" /> },
        { title: "By", cell: (run) => <Foreign text={run.created_by} max={60} /> },
        { title: "Took", number: true, cell: (run) => <Took run={run} /> },
        { title: "Error", cell: ({ error }) => error && <Foreign text={error} max={120} /> },
      ]}
    />
  );
}

export function RunsPage() {
  const words = new URLSearchParams(useSearch());
  const [, navigate] = useLocation();
  const states = RUN_STATES.filter((state) => words.getAll("state").includes(state));
  const query = { state: states, pipeline: words.get("pipeline"), cursor: words.get("cursor") };
  const pipelines = useResource("pipelines", (abort) =>
    get<{ pipelines: Pipeline[] }>(path("pipelines"), {}, abort),
  );
  const page = useResource(
    `runs ${words}`,
    (abort) =>
      get<{ runs: Run[]; next_cursor: string | null }>(
        path("runs"),
        { ...query, limit: 50 },
        abort,
      ),
    { on: () => true, everyMs: 5000 },
  );
  const go = (change: Partial<typeof query>) =>
    navigate(withQuery("/runs", { ...query, cursor: null, ...change }));
  return (
    <Page title="Runs" lead="Of pipelines: steps that need one another.">
      <Loaded of={pipelines}>
        {(all) => (
          <Panel title="Pipelines">
            <PipelinesPanel pipelines={all.pipelines} />
          </Panel>
        )}
      </Loaded>
      <div class="filters">
        <States states={states} go={(state) => go({ state })} />
        {query.pipeline && (
          <p>
            Of {query.pipeline}.{" "}
            <button type="button" class="link" onClick={() => go({ pipeline: null })}>
              Of every pipeline
            </button>
          </p>
        )}
      </div>
      <Loaded of={page}>
        {({ runs, next_cursor }) => (
          <>
            {runs.length ? (
              <RunTable runs={runs} />
            ) : (
              <Empty title="No run is here">
                <p>Choose a pipeline above, or another filter.</p>
              </Empty>
            )}
            {next_cursor && (
              <nav class="pager" aria-label="Pages">
                <button type="button" onClick={() => go({ cursor: next_cursor })}>
                  <Icon name="tasks" /> Next page
                </button>
              </nav>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}
