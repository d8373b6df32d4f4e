// One run: its graph, how each step stands, and what can be done about it.

import { Link, useSearch } from "wouter-preact";
import { get, path } from "../api/client";
import type { Run, Step } from "../api/runs";
import { useResource } from "../state/resource";
import { Foreign, Loaded, Page, Panel, Time } from "../ui/bits";
import { counted, shortId } from "../ui/format";
import { Icon } from "../ui/icon";
import { JsonView } from "../ui/json";
import { RunActions } from "./run_actions";
import { loadNodes } from "./run_claims";
import { RunGraph } from "./run_graph";
import { RunProvenance } from "./run_provenance";
import { ChosenStep, planPath, StepTable, stepAddress } from "./run_steps";
import { RunBadge } from "./runs";

/** The step of the graph that one of its instances, or what is inside it, belongs to. */
function topOf(step: string): string {
  return planPath(step).split("/")[0]!;
}

function Shown({ run }: { run: Run }) {
  const chosen = new URLSearchParams(useSearch()).get("step");
  const plan = useResource(`plan ${run.id}`, (abort) =>
    get<{ steps: Step[] }>(path("runs", run.id, "plan"), {}, abort),
  );
  const nodes = useResource(
    `nodes ${run.id} ${run.state}`,
    (abort) => loadNodes(run, abort),
    run.ended_at ? {} : { on: () => true, everyMs: 3000 },
  );
  return (
    <>
      {run.error && (
        <div class="trouble">
          <Icon name="warning" />
          <p>
            <Foreign text={run.error} max={600} />
          </p>
        </div>
      )}
      <Loaded of={plan}>
        {({ steps }) => (
          <Panel title="Graph">
            <RunGraph
              steps={steps}
              nodes={nodes.data?.nodes ?? []}
              addressOf={(step) => stepAddress(run.id, step)}
              chosen={chosen === null ? null : topOf(chosen)}
            />
          </Panel>
        )}
      </Loaded>
      {chosen !== null && plan.data && nodes.data && (
        <ChosenStep
          run={run}
          nodes={nodes.data.nodes}
          reload={nodes.reload}
          path={chosen}
          steps={plan.data.steps}
        />
      )}
      <Loaded of={nodes}>
        {(page) => (
          <Panel title={counted(page.nodes.length, "step")} flush>
            <StepTable run={run} nodes={page.nodes} reload={nodes.reload} />
            {page.next_after && (
              <p class="hint pad">
                There are more: <code>waybill run show {run.id}</code>
              </p>
            )}
          </Panel>
        )}
      </Loaded>
      <div class="columns">
        <Panel title="Params">
          <JsonView value={run.params} />
        </Panel>
        {run.outputs && (
          <Panel title="Outputs">
            <JsonView value={run.outputs} />
          </Panel>
        )}
        <RunProvenance run={run} />
      </div>
    </>
  );
}

export function RunPage({ id }: { id: string }) {
  const run = useResource(`run ${id}`, (abort) => get<Run>(path("runs", id), {}, abort), {
    on: () => true,
    everyMs: 3000,
  });
  const shown = run.data;
  return (
    <Page
      title={shown ? shown.pipeline : shortId(id)}
      lead={
        shown && (
          <span class="row">
            <RunBadge state={shown.state} />
            <span class="mono">{shortId(id)}</span>
            <span>
              by <Foreign text={shown.created_by} max={60} />, <Time at={shown.created_at} />
            </span>
            {shown.reuse_from && (
              <>
                <Link href={`/runs/${shown.reuse_from}`}>reuses this run</Link>
                <Link href={`/runs/${id}/compare?with=${shown.reuse_from}`}>what differs</Link>
              </>
            )}
          </span>
        )
      }
      actions={shown && <RunActions run={shown} reload={run.reload} />}
    >
      <Loaded of={run}>{(found) => <Shown run={found} />}</Loaded>
    </Page>
  );
}
