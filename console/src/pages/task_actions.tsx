// What can be done to one task.

import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { path, post, send } from "../api/client";
import { LIVE, type Task } from "../api/types";
import { may } from "../state/session";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { complain, say } from "../ui/toast";
import { runOf } from "./task_origin";

type Asked = "cancel" | "edit" | null;

function CancelDialog(props: { task: Task; onClose: () => void; onChange: () => void }) {
  const [reason, setReason] = useState("");
  const confirm = (event: Event) => {
    event.preventDefault();
    props.onClose();
    post<Task>(path("tasks", props.task.id, "cancel"), reason ? { reason } : {}).then((task) => {
      say(task.state === "cancelled" ? "Cancelled" : "Asked for its end: the worker is told");
      props.onChange();
    }, complain);
  };
  return (
    <Dialog title="Cancel this task?" onClose={props.onClose}>
      <form onSubmit={confirm}>
        <p>
          {props.task.state === "leased"
            ? "Its worker stops it: by a signal at first, by force in the end; the proof is kept."
            : "It will not run."}
        </p>
        <label class="field">
          <span>Reason (for the history)</span>
          <input
            value={reason}
            maxLength={1000}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            Leave it
          </button>
          <button type="submit" class="danger">
            Cancel the task
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function EditDialog(props: { task: Task; onClose: () => void; onChange: () => void }) {
  const [priority, setPriority] = useState(String(props.task.priority));
  const [when, setWhen] = useState("keep");
  const [delay, setDelay] = useState("10m");
  const isLeased = props.task.state === "leased";
  const confirm = (event: Event) => {
    event.preventDefault();
    const body: Record<string, unknown> = {};
    if (Number(priority) !== props.task.priority) body.priority = Number(priority);
    if (when === "now") body.delay = "0s";
    if (when === "later") body.delay = delay;
    if (!Object.keys(body).length) return props.onClose();
    send("PATCH", path("tasks", props.task.id), { body }).then(() => {
      say("Changed");
      props.onChange();
      props.onClose();
    }, complain);
  };
  return (
    <Dialog title="Change priority or time" onClose={props.onClose}>
      <form onSubmit={confirm}>
        <label class="field">
          <span>Priority, from -100 to 100; higher starts first</span>
          <input
            type="number"
            min={-100}
            max={100}
            required
            value={priority}
            onInput={(event) => setPriority(event.currentTarget.value)}
          />
        </label>
        {!isLeased && (
          <fieldset>
            <legend>When</legend>
            {[
              ["keep", "as it is"],
              ["now", "as soon as possible"],
              ["later", "after a while"],
            ].map(([value, text]) => (
              <label class="check" key={value}>
                <input
                  type="radio"
                  name="when"
                  checked={when === value}
                  onChange={() => setWhen(value!)}
                />
                {text}
              </label>
            ))}
            {when === "later" && (
              <label class="field">
                <span>How long from now, as 10m, 1h30m or 7d</span>
                <input
                  value={delay}
                  required
                  onInput={(event) => setDelay(event.currentTarget.value)}
                />
              </label>
            )}
          </fieldset>
        )}
        {isLeased && <p class="muted">It runs: the priority counts when it is tried again.</p>}
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            Leave it
          </button>
          <button type="submit" class="primary">
            Change
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function TaskActions({ task, onChange }: { task: Task; onChange: () => void }) {
  const [asked, setAsked] = useState<Asked>(null);
  if (!may("submit")) return null;
  const isLive = LIVE.includes(task.state);
  const retry = () =>
    post<Task>(path("tasks", task.id, "retry")).then(() => {
      say("It is ready again");
      onChange();
    }, complain);
  const isDead = task.state === "failed" || task.state === "cancelled";
  const run = runOf(task);
  return (
    <>
      {run && (
        <Link href={`/runs/${run}`} class="button">
          <Icon name="link" /> Its run
        </Link>
      )}
      {isDead && !run && (
        <button type="button" class="primary" onClick={() => void retry()}>
          <Icon name="retry" /> Retry
        </button>
      )}
      {(task.definition || may("operate")) && (
        <Link href={`/start?like=${task.id}`} class="button">
          <Icon name="copy" /> {isDead ? "Retry with changes…" : "Start one like it…"}
        </Link>
      )}
      {isLive && (
        <button type="button" onClick={() => setAsked("edit")}>
          <Icon name="edit" /> Change
        </button>
      )}
      {isLive && (
        <button
          type="button"
          class="danger"
          disabled={task.cancel !== null}
          onClick={() => setAsked("cancel")}
        >
          <Icon name="stop" /> {task.cancel ? "Ending…" : "Cancel"}
        </button>
      )}
      {asked === "cancel" && (
        <CancelDialog task={task} onClose={() => setAsked(null)} onChange={onChange} />
      )}
      {asked === "edit" && (
        <EditDialog task={task} onClose={() => setAsked(null)} onChange={onChange} />
      )}
    </>
  );
}
