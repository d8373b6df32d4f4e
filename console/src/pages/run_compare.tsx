// Two runs of a pipeline side by side: what they were given, how each step went, what differs.

import { Link, useLocation, useSearch } from "wouter-preact";
import { get, path, withQuery } from "../api/client";
import type { Run, RunExplanation, RunNode, StepReason } from "../api/runs";
import type { Json, JsonObject } from "../api/types";
import { useResource } from "../state/resource";
import { Empty, Foreign, Loaded, Page, Panel, Time, useNow } from "../ui/bits";
import { between, shortId } from "../ui/format";
import { Table } from "../ui/table";
import { byBeginning, stepAddress } from "./run_steps";
import { RunBadge } from "./runs";

/** At most so many steps of each are held against one another. */
const NODES = 1000;
const CHOICE = 30;

interface Both {
  runs: [Run, Run];
  nodes: [RunNode[], RunNode[]];
  reasons: StepReason[];
  isWhole: boolean;
}

async function load(left: string, right: string, abort: AbortSignal): Promise<Both> {
  const run = (id: string) => get<Run>(path("runs", id), {}, abort);
  const nodes = (id: string) =>
    get<{ nodes: RunNode[]; next_after: string | null }>(
      path("runs", id, "nodes"),
      { limit: NODES },
      abort,
    );
  const explain = get<RunExplanation>(path("runs", left, "explain"), { against: right }, abort);
  const [one, other, ofOne, ofOther, why] = await Promise.all([
    run(left),
    run(right),
    nodes(left),
    nodes(right),
    explain,
  ]);
  return {
    runs: [one, other],
    nodes: [ofOne.nodes, ofOther.nodes],
    reasons: why.steps,
    isWhole: !ofOne.next_after && !ofOther.next_after,
  };
}

interface Pair {
  path: string;
  left: RunNode | undefined;
  right: RunNode | undefined;
  reason: StepReason | undefined;
}

/** In the order in which the left one began them, then what only the right one has. */
export function pairsOf({ nodes: [left, right], reasons }: Both): Pair[] {
  const inOrder = [...[...left].sort(byBeginning), ...[...right].sort(byBeginning)];
  const paths = inOrder.map((node) => node.path);
  const byPath = (nodes: RunNode[]) => new Map(nodes.map((node) => [node.path, node]));
  const [ofLeft, ofRight] = [byPath(left), byPath(right)];
  const reasonOf = new Map(reasons.map((reason) => [reason.path, reason]));
  return [...new Set(paths)].map((each) => ({
    path: each,
    left: ofLeft.get(each),
    right: ofRight.get(each),
    reason: reasonOf.get(each),
  }));
}

const WORDS: Record<StepReason["is"], string> = {
  reused: "the same: reused",
  new: "only in this run",
  unfinished: "the other did not succeed",
  differs: "differs",
  asked: "the same, done anew as asked",
  undecided: "not decided yet",
};

function Why({ pair }: { pair: Pair }) {
  const { left, right, reason } = pair;
  if (!left) return <span class="muted">only in the other run</span>;
  if (!right) return <span class="muted">only in this run</span>;
  if (!reason) return null;
  return (
    <>
      {WORDS[reason.is]}
      {reason.fields.length > 0 && (
        <>
          {" in "}
          {reason.fields.map((field, index) => (
            <span key={field}>
              {index > 0 && ", "}
              <code>
                <Foreign text={field} max={80} />
              </code>
            </span>
          ))}
        </>
      )}
    </>
  );
}

function Went({ run, node }: { run: Run; node: RunNode | undefined }) {
  const now = useNow();
  if (!node) return <span class="muted">–</span>;
  return (
    <span class="row">
      <Link href={stepAddress(run.id, node.path)} class="grid-cell">
        <RunBadge state={node.state} />
        <span class="unseen">
          {" "}
          {node.path} in {shortId(run.id)}
        </span>
      </Link>
      <span class="muted">
        {node.reused ? "reused" : between(node.began_at, node.ended_at, now)}
      </span>
    </span>
  );
}

interface Row {
  name: string;
  left: Json | undefined;
  right: Json | undefined;
}

function rowsOf(left: JsonObject, right: JsonObject): Row[] {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  return names.map((name) => ({ name, left: left[name], right: right[name] }));
}

const textOf = (value: Json | undefined) =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);

function Values(props: { title: string; left: JsonObject; right: JsonObject; heads: string[] }) {
  const rows = rowsOf(props.left, props.right);
  if (!rows.length) return null;
  const differs = (row: Row) => textOf(row.left) !== textOf(row.right);
  const side = (title: string, of: "left" | "right") => ({
    title,
    cell: (row: Row) => (
      <span class={differs(row) ? "differs" : ""}>
        {row[of] === undefined ? (
          <span class="muted">not given</span>
        ) : (
          <Foreign text={textOf(row[of])} max={300} />
        )}
      </span>
    ),
  });
  return (
    <Panel title={props.title} flush>
      <Table
        caption={props.title}
        rows={rows}
        id={({ name }) => name}
        columns={[
          {
            title: "Name",
            narrow: "title",
            cell: ({ name }) => <Foreign text={name} max={80} />,
          },
          side(props.heads[0]!, "left"),
          side(props.heads[1]!, "right"),
          { title: "Same", cell: (row) => (differs(row) ? "differs" : "same") },
        ]}
      />
    </Panel>
  );
}

function Head({ run, word }: { run: Run; word: string }) {
  const now = useNow();
  return (
    <Panel title={word}>
      <dl class="facts">
        <div>
          <dt>Run</dt>
          <dd class="row">
            <Link href={`/runs/${run.id}`} class="mono">
              {shortId(run.id)}
            </Link>
            <RunBadge state={run.state} />
          </dd>
        </div>
        <div>
          <dt>Made</dt>
          <dd>
            <Time at={run.created_at} /> by <Foreign text={run.created_by} max={60} />
          </dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd>{between(run.started_at, run.ended_at, now) || "–"}</dd>
        </div>
        {run.error && (
          <div>
            <dt>Error</dt>
            <dd>
              <Foreign text={run.error} max={300} />
            </dd>
          </div>
        )}
      </dl>
    </Panel>
  );
}

function Shown({ both }: { both: Both }) {
  const [left, right] = both.runs;
  const heads = ["This run", "The other run"];
  return (
    <>
      <div class="columns">
        <Head run={left} word={heads[0]!} />
        <Head run={right} word={heads[1]!} />
      </div>
      <Values title="Params" left={left.params} right={right.params} heads={heads} />
      <Panel title="Steps" flush>
        <Table
          caption="Steps of both runs"
          rows={pairsOf(both)}
          id={(pair) => pair.path}
          columns={[
            {
              title: "Step",
              narrow: "title",
              cell: (pair) => <Foreign text={pair.path} max={80} />,
            },
            { title: heads[0]!, cell: (pair) => <Went run={left} node={pair.left} /> },
            { title: heads[1]!, cell: (pair) => <Went run={right} node={pair.right} /> },
            { title: "Why", cell: (pair) => <Why pair={pair} /> },
          ]}
        />
        {!both.isWhole && (
          <p class="hint pad">
            Only the first {NODES} steps of each are here:{" "}
            <code>waybill run explain {left.id}</code>
          </p>
        )}
      </Panel>
      <Values
        title="Outputs"
        left={left.outputs ?? {}}
        right={right.outputs ?? {}}
        heads={heads}
      />
    </>
  );
}

/** Which run to hold it against. */
function Choose({ run }: { run: Run }) {
  const others = useResource(`runs of ${run.pipeline}`, (abort) =>
    get<{ runs: Run[] }>(path("runs"), { pipeline: run.pipeline, limit: CHOICE }, abort),
  );
  return (
    <Loaded of={others}>
      {({ runs }) => {
        const rest = runs.filter(({ id }) => id !== run.id);
        if (!rest.length) {
          return (
            <Empty title={`${run.pipeline} has no other run`}>
              <p>
                <Link href={`/start-run/${encodeURIComponent(run.pipeline)}`}>Run it again</Link>,
                then there is something to compare.
              </p>
            </Empty>
          );
        }
        return (
          <Panel title="With which run?" flush>
            <Table
              caption={`Other runs of ${run.pipeline}`}
              rows={rest}
              id={({ id }) => id}
              columns={[
                {
                  title: "Run",
                  narrow: "title",
                  cell: ({ id }) => (
                    <Link href={withQuery(`/runs/${run.id}/compare`, { with: id })}>
                      {shortId(id)}
                    </Link>
                  ),
                },
                { title: "State", cell: ({ state }) => <RunBadge state={state} /> },
                { title: "Made", cell: (other) => <Time at={other.created_at} /> },
                { title: "By", cell: (other) => <Foreign text={other.created_by} max={60} /> },
                {
                  title: "Params",
                  cell: (other) => <Foreign text={JSON.stringify(other.params)} max={120} />,
                },
              ]}
            />
          </Panel>
        );
      }}
    </Loaded>
  );
}

export function ComparePage({ id }: { id: string }) {
  const other = new URLSearchParams(useSearch()).get("with");
  const [, navigate] = useLocation();
  const run = useResource(`run ${id}`, (abort) => get<Run>(path("runs", id), {}, abort));
  const both = useResource<Both | null>(
    `both ${id} ${other}`,
    async (abort) => (other ? load(id, other, abort) : null),
    { everyMs: 5000 },
  );
  return (
    <Page
      title={run.data ? `Compare runs of ${run.data.pipeline}` : "Compare runs"}
      actions={
        other && (
          <>
            <Link href={`/runs/${id}/compare`} class="button">
              Another run…
            </Link>
            <button
              type="button"
              onClick={() => navigate(withQuery(`/runs/${other}/compare`, { with: id }))}
            >
              Swap
            </button>
          </>
        )
      }
    >
      {other ? (
        <Loaded of={both}>{(found) => found && <Shown both={found} />}</Loaded>
      ) : (
        <Loaded of={run}>{(found) => <Choose run={found} />}</Loaded>
      )}
    </Page>
  );
}
