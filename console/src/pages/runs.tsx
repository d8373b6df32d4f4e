// Pipelines, and their runs, newest first.

import { Link, useLocation, useSearch } from "wouter-preact";
import { get, path, withQuery } from "../api/client";
import { type Pipeline, type Run, RUN_STATES, type RunState } from "../api/runs";
import type { State } from "../api/types";
import { usePages } from "../state/pages";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Foreign, Loaded, Loading, Page, Panel, Time, Trouble, useNow } from "../ui/bits";
import { between, counted, shortId } from "../ui/format";
import { type LongPages, More, useLongPages } from "../ui/long_pages";
import { Table } from "../ui/table";

/** States of runs and steps have the colours of the tasks' states that they are most like. */
const LIKE: Record<string, State> = {
  waiting: "scheduled",
  queued: "ready",
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

function RunTable({ of }: { of: LongPages<Run> }) {
  return (
    <Table
      caption="Runs"
      rows={of.rows}
      id={({ id }) => id}
      isEnd={of.isEnd}
      onLook={of.look}
      hasKeys
      columns={[
        { title: "State", width: "118px", cell: ({ state }) => <RunBadge state={state} /> },
        {
          title: "Run",
          narrow: "title",
          cell: (run) => (
            <Link href={`/runs/${run.id}`} class="row-link">
              {run.pipeline} <span class="mono muted">{shortId(run.id)}</span>
            </Link>
          ),
        },
        {
          title: "Made",
          width: "130px",
          cell: (run) => <Time at={run.created_at} as="relative" />,
        },
        {
          title: "By",
          width: "16%",
          cell: (run) => <Foreign text={run.created_by} max={60} />,
        },
        { title: "Took", number: true, width: "90px", cell: (run) => <Took run={run} /> },
        {
          title: "Error",
          width: "26%",
          cell: ({ error }) => error && <Foreign text={error} max={120} />,
        },
      ]}
    />
  );
}

const PAGE = 50;

interface RunPageAnswer {
  runs: Run[];
  next_cursor: string | null;
}

interface RunFilter {
  state: RunState[];
  pipeline: string | null;
  created_after: string | null;
  created_before: string | null;
}

/** What is listed beside the states, and how to list more. */
function Only({ filter, go }: { filter: RunFilter; go: (change: Partial<RunFilter>) => void }) {
  const { pipeline, created_after: after, created_before: before } = filter;
  return (
    <>
      {pipeline && (
        <p>
          Of {pipeline}.{" "}
          <button type="button" class="link" onClick={() => go({ pipeline: null })}>
            Of every pipeline
          </button>
        </p>
      )}
      {(after || before) && (
        <p>
          Made{" "}
          {after && (
            <>
              from <Time at={after} as="local" /> on
            </>
          )}
          {before && (
            <>
              {after && ", "}before <Time at={before} as="local" />
            </>
          )}
          .{" "}
          <button
            type="button"
            class="link"
            onClick={() => go({ created_after: null, created_before: null })}
          >
            Of any time
          </button>
        </p>
      )}
    </>
  );
}

function filterIn(words: URLSearchParams): RunFilter {
  return {
    state: RUN_STATES.filter((state) => words.getAll("state").includes(state)),
    pipeline: words.get("pipeline"),
    created_after: words.get("created_after"),
    created_before: words.get("created_before"),
  };
}

function Pipelines() {
  const pipelines = useResource("pipelines", (abort) =>
    get<{ pipelines: Pipeline[] }>(path("pipelines"), {}, abort),
  );
  return (
    <Loaded of={pipelines}>
      {(all) => (
        <Panel title="Pipelines">
          <PipelinesPanel pipelines={all.pipelines} />
        </Panel>
      )}
    </Loaded>
  );
}

export function RunsPage() {
  const words = new URLSearchParams(useSearch());
  const [, navigate] = useLocation();
  const filter = filterIn(words);
  const start = words.get("cursor") ?? "";
  const list = usePages<RunPageAnswer>(
    `runs ${words}`,
    start,
    (cursor, abort) => get(path("runs"), { ...filter, cursor, limit: PAGE }, abort),
    { on: () => true, everyMs: 5000 },
  );
  const long = useLongPages(list, ({ runs }) => runs);
  const go = (change: Partial<RunFilter>) =>
    navigate(withQuery("/runs", { ...filter, ...change }));
  return (
    <Page title="Runs" lead="Of pipelines: steps that need one another.">
      <Pipelines />
      <div class="filters">
        <States states={filter.state} go={(state) => go({ state })} />
        <Only filter={filter} go={go} />
      </div>
      {list.problem && <Trouble problem={list.problem} retry={list.reload} />}
      {!list.pages.length && !list.problem && <Loading />}
      {long.rows.length > 0 && <RunTable of={long} />}
      {long.isEnd && !long.rows.length && (
        <Empty title="No run is here">
          <p>Choose a pipeline above, or another filter.</p>
        </Empty>
      )}
      <div class="pager">
        {start && (
          <button type="button" onClick={() => go({})}>
            From the first on
          </button>
        )}
        <More list={list} of={long} what="run" />
      </div>
    </Page>
  );
}
