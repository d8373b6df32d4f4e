// How the steps of a run stand: a table, instances as a grid, and the one that was chosen with its
// log as it is written.

import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { Run, Step } from "../api/runs";
import { Foreign, Panel, TaskLink, Time, useNow } from "../ui/bits";
import { between, counted, visible } from "../ui/format";
import { Table } from "../ui/table";
import { type Answer, AnswerQuestion, NodeActions } from "./run_actions";
import type { ShownNode } from "./run_claims";
import { Grid, instancesOf } from "./run_grid";
import { RunBadge } from "./runs";
import { LogPanel } from "./task_log";

/** The address of a run with this step chosen. */
export function stepAddress(run: string, path: string): string {
  return `/runs/${run}?step=${encodeURIComponent(path)}`;
}

/** Where a path stands in the plan: instances have their step's place. */
export function planPath(path: string): string {
  return path.replace(/\[\d+\]/g, "");
}

type Begun = Pick<ShownNode, "began_at" | "path">;

/** As they began; of those that began together, 9 before 10. */
export function byBeginning(a: Begun, b: Begun): number {
  return (
    a.began_at.localeCompare(b.began_at) ||
    a.path.localeCompare(b.path, undefined, { numeric: true })
  );
}

/** Without the time that its task waited for a worker. */
function tookOf(node: ShownNode, now: number): string {
  return between(node.works_since, node.ended_at, now);
}

interface Given {
  run: Run;
  nodes: ShownNode[];
  reload: () => void;
}

function StepLink({ run, node }: { run: Run; node: ShownNode }) {
  return (
    <Link href={stepAddress(run.id, node.path)}>
      <Foreign text={node.path} max={80} />
    </Link>
  );
}

function useAnswer({ run, reload }: Given) {
  const [asked, setAsked] = useState<{ path: string; what: Answer } | null>(null);
  const dialog = asked && (
    <AnswerQuestion
      run={run}
      path={asked.path}
      what={asked.what}
      onClose={() => setAsked(null)}
      reload={reload}
    />
  );
  return { ask: (path: string, what: Answer) => setAsked({ path, what }), dialog };
}

export function StepTable(props: Given) {
  const now = useNow();
  const answer = useAnswer(props);
  return (
    <>
      <Table
        caption="How the steps stand"
        rows={[...props.nodes].sort(byBeginning)}
        id={(node) => node.path}
        columns={[
          {
            title: "Step",
            narrow: "title",
            cell: (node) => <StepLink run={props.run} node={node} />,
          },
          { title: "State", cell: ({ state }) => <RunBadge state={state} /> },
          {
            title: "Took",
            number: true,
            cell: (node) => (node.reused ? "reused" : tookOf(node, now)),
          },
          { title: "Task", cell: ({ task_id }) => task_id && <TaskLink id={task_id} /> },
          { title: "Due", cell: ({ due_at }) => due_at && <Time at={due_at} as="relative" /> },
          { title: "Error", cell: ({ error }) => error && <Foreign text={error} /> },
          {
            title: "Action",
            cell: (node) => (
              <NodeActions
                run={props.run}
                node={node}
                onAsk={(what) => answer.ask(node.path, what)}
              />
            ),
          },
        ]}
      />
      {answer.dialog}
    </>
  );
}

/** The step that the address names: its instances as a grid, or its task's log. */
export function ChosenStep(props: Given & { path: string; steps: Step[] }) {
  const { run, nodes, path } = props;
  const now = useNow();
  const answer = useAnswer(props);
  const node = nodes.find((each) => each.path === path);
  const step = props.steps.find((each) => each.path === planPath(path));
  // Of one of them, all are shown, and which of them it is.
  const instances = instancesOf(path.replace(/\[\d+\]$/, ""), nodes);
  return (
    <div class="stack chosen-step">
      <Panel
        title={`Step ${visible(path)}`}
        actions={
          <>
            {node && (
              <NodeActions run={run} node={node} onAsk={(what) => answer.ask(path, what)} />
            )}
            <Link href={`/runs/${run.id}`} class="button">
              All steps
            </Link>
          </>
        }
      >
        {node ? (
          <p class="row">
            <RunBadge state={node.state} />
            <span>
              {node.reused ? "reused from another run" : tookOf(node, now)}
            </span>
            {node.task_id && (
              <span>
                task <TaskLink id={node.task_id} />
              </span>
            )}
            {instances.length > 0 && !path.endsWith("]") && (
              <span>{counted(instances.length, "instance")}</span>
            )}
          </p>
        ) : (
          <p class="muted">Nothing was decided of it so far: it waits for the steps it needs.</p>
        )}
        {node?.error && <pre>{visible(node.error)}</pre>}
        {instances.length > 0 && step && (
          <Grid run={run.id} chosen={path} step={step} instances={instances} />
        )}
      </Panel>
      {node?.task_id && (
        <LogPanel
          key={node.task_id}
          id={node.task_id}
          name={path.replace(/[^\w.-]+/g, "-")}
          finishedAt={node.ended_at}
        />
      )}
      {answer.dialog}
    </div>
  );
}
