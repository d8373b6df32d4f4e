// What can be done to a run and its steps.

import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { path, post } from "../api/client";
import type { Run } from "../api/runs";
import { may } from "../state/session";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { complain, say } from "../ui/toast";
import type { ShownNode } from "./run_claims";

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

export type Answer = "approve" | "reject";

export function AnswerQuestion(props: {
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

export function NodeActions(props: { run: Run; node: ShownNode; onAsk: (what: Answer) => void }) {
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

export function RunActions({ run, reload }: { run: Run; reload: () => void }) {
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
      <>
        <Link href={`/runs/${run.id}/compare`} class="button">
          <Icon name="tasks" /> Compare…
        </Link>
        <Link
          href={`/start-run/${encodeURIComponent(run.pipeline)}?like=${run.id}`}
          class="button"
        >
          <Icon name="edit" /> With other params…
        </Link>
        <button type="button" class={run.state === "succeeded" ? "" : "primary"} onClick={retry}>
          <Icon name="retry" /> Run again, reusing what is the same
        </button>
      </>
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
