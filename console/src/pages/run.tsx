// One run: its graph, how each step stands, and what can be done about it.

import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { get, newKey, path, post, type Problem } from "../api/client";
import type { Pipeline, Run, RunNode, Step } from "../api/runs";
import type { JsonObject } from "../api/types";
import { problemOf, useResource } from "../state/resource";
import { may } from "../state/session";
import { Foreign, Loaded, Page, Panel, TaskLink, Time, Trouble, useNow } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { between, counted, fromAddress, shortId } from "../ui/format";
import { Icon } from "../ui/icon";
import { JsonView } from "../ui/json";
import { hasFields, SchemaFields } from "../ui/schema_form";
import { Table } from "../ui/table";
import { complain, say } from "../ui/toast";
import { JsonParams } from "./start";
import { RunGraph } from "./run_graph";
import { RunBadge } from "./runs";

function Question(props: {
  title: string;
  text: string;
  yes: string;
  isDanger: boolean;
  onYes: () => void;
  onClose: () => void;
}) {
  const confirm = (event: Event) => {
    event.preventDefault();
    props.onClose();
    props.onYes();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form onSubmit={confirm}>
        <p>{props.text}</p>
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            Leave it
          </button>
          <button type="submit" class={props.isDanger ? "danger" : "primary"}>
            {props.yes}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

type Answer = "approve" | "reject";

function AnswerQuestion(props: {
  run: Run;
  path: string;
  what: Answer;
  onClose: () => void;
  reload: () => void;
}) {
  const { run, what } = props;
  const isApproval = what === "approve";
  const answer = () =>
    void post(path("runs", run.id, what), { path: props.path }).then(() => {
      say(isApproval ? `${props.path} is approved` : `${props.path} is rejected`);
      props.reload();
    }, complain);
  return (
    <Question
      title={isApproval ? `Approve ${props.path}?` : `Reject ${props.path}?`}
      text={
        isApproval
          ? "The run goes on from there; this cannot be taken back."
          : "The step fails; this cannot be taken back."
      }
      yes={isApproval ? "Approve it" : "Reject it"}
      isDanger={!isApproval}
      onYes={answer}
      onClose={props.onClose}
    />
  );
}

function NodeActions(props: { run: Run; node: RunNode; onAsk: (what: Answer) => void }) {
  const { run, node, onAsk } = props;
  const [, navigate] = useLocation();
  if (!may("submit")) return null;
  if (node.wait?.kind === "approval" && node.state === "running") {
    return (
      <span class="row">
        <button type="button" class="primary" onClick={() => onAsk("approve")}>
          Approve
        </button>
        <button type="button" onClick={() => onAsk("reject")}>
          Reject
        </button>
      </span>
    );
  }
  if (!run.ended_at || /[/[]/.test(node.path)) return null;
  const again = () =>
    void post<Run>(path("runs", run.id, "retry"), { anew: [node.path] }).then(
      ({ id }) => navigate(`/runs/${id}`),
      complain,
    );
  return (
    <button type="button" onClick={again}>
      <Icon name="retry" /> Again from here
    </button>
  );
}

function Nodes(props: { run: Run; nodes: RunNode[]; reload: () => void }) {
  const now = useNow();
  const [asked, setAsked] = useState<{ path: string; what: Answer } | null>(null);
  const table = (
    <Table
      caption="How the steps stand"
      rows={[...props.nodes].sort((a, b) => a.began_at.localeCompare(b.began_at))}
      id={(node) => node.path}
      columns={[
        { title: "Step", narrow: "title", cell: (node) => <Foreign text={node.path} max={80} /> },
        { title: "State", cell: ({ state }) => <RunBadge state={state} /> },
        {
          title: "Took",
          number: true,
          cell: (node) => (node.reused ? "reused" : between(node.began_at, node.ended_at, now)),
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
              onAsk={(what) => setAsked({ path: node.path, what })}
            />
          ),
        },
      ]}
    />
  );
  return (
    <>
      {table}
      {asked && (
        <AnswerQuestion
          run={props.run}
          path={asked.path}
          what={asked.what}
          onClose={() => setAsked(null)}
          reload={props.reload}
        />
      )}
    </>
  );
}

function Actions({ run, reload }: { run: Run; reload: () => void }) {
  const [, navigate] = useLocation();
  const [isAsked, setIsAsked] = useState(false);
  if (!may("submit")) return null;
  if (run.ended_at) {
    const retry = () =>
      void post<Run>(path("runs", run.id, "retry")).then(
        ({ id }) => navigate(`/runs/${id}`),
        complain,
      );
    return (
      <button type="button" class={run.state === "succeeded" ? "" : "primary"} onClick={retry}>
        <Icon name="retry" /> Run again, reusing what is the same
      </button>
    );
  }
  const cancel = () =>
    void post(path("runs", run.id, "cancel")).then(() => {
      say("Asked for its end");
      reload();
    }, complain);
  return (
    <>
      <button
        type="button"
        class="danger"
        disabled={run.stop_asked !== null}
        onClick={() => setIsAsked(true)}
      >
        <Icon name="stop" /> {run.stop_asked ? "Ending…" : "Cancel"}
      </button>
      {isAsked && (
        <Question
          title="Cancel this run?"
          text="Steps that run are asked to end; no more begin but those that are to run always."
          yes="Cancel the run"
          isDanger
          onYes={cancel}
          onClose={() => setIsAsked(false)}
        />
      )}
    </>
  );
}

/** At most so many steps are shown; a run may have a hundred thousand instances. */
const NODES = 1000;

function Shown({ run }: { run: Run }) {
  const plan = useResource(`plan ${run.id}`, (abort) =>
    get<{ steps: Step[] }>(path("runs", run.id, "plan"), {}, abort),
  );
  const nodes = useResource(
    `nodes ${run.id} ${run.state}`,
    (abort) =>
      get<{ nodes: RunNode[]; next_after: string | null }>(
        path("runs", run.id, "nodes"),
        { limit: NODES },
        abort,
      ),
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
            <RunGraph steps={steps} nodes={nodes.data?.nodes ?? []} />
          </Panel>
        )}
      </Loaded>
      <Loaded of={nodes}>
        {(page) => (
          <Panel title={counted(page.nodes.length, "step")} flush>
            <Nodes run={run} nodes={page.nodes} reload={nodes.reload} />
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
            {shown.reuse_from && <Link href={`/runs/${shown.reuse_from}`}>reuses this run</Link>}
          </span>
        )
      }
      actions={shown && <Actions run={shown} reload={run.reload} />}
    >
      <Loaded of={run}>{(found) => <Shown run={found} />}</Loaded>
    </Page>
  );
}

function StartRun({ pipeline }: { pipeline: Pipeline }) {
  const [params, setParams] = useState<JsonObject>({});
  const [key, setKey] = useState(newKey());
  const [problem, setProblem] = useState<Problem | null>(null);
  const [, navigate] = useLocation();
  const send = (event: Event) => {
    event.preventDefault();
    post<Run>(path("runs"), { pipeline: pipeline.name, params }, key).then(
      ({ id }) => navigate(`/runs/${id}`),
      (error) => {
        const told = problemOf(error);
        if (told.status >= 400 && told.status < 500) setKey(newKey());
        setProblem(told);
      },
    );
  };
  return (
    <form class="start-form" onSubmit={send}>
      {problem && <Trouble problem={problem} />}
      <Panel title="Params">
        <div class="stack">
          {hasFields(pipeline.params) ? (
            <SchemaFields schema={pipeline.params} value={params} onChange={setParams} />
          ) : (
            <JsonParams value={params} onChange={setParams} />
          )}
        </div>
      </Panel>
      <button type="submit" class="primary" disabled={!may("submit")}>
        <Icon name="play" /> Run {pipeline.name}
      </button>
    </form>
  );
}

export function StartRunPage({ name }: { name: string }) {
  const decoded = fromAddress(name);
  const pipeline = useResource(`pipeline ${decoded}`, (abort) =>
    get<Pipeline>(path("pipelines", decoded), {}, abort),
  );
  return (
    <Page
      title={`Run ${decoded}`}
      actions={
        <Link href={`/runs?pipeline=${encodeURIComponent(decoded)}`} class="button">
          Its runs
        </Link>
      }
    >
      <Loaded of={pipeline}>
        {(found) => (
          <>
            <Panel title="Graph">
              <RunGraph steps={found.steps} nodes={[]} />
            </Panel>
            <StartRun pipeline={found} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
