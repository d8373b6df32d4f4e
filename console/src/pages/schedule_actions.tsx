// What can be done to one schedule: hold it, let it go on, have its task now.

import { useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { newKey, path, post } from "../api/client";
import type { Schedule, Task } from "../api/types";
import { problemOf } from "../state/resource";
import { may } from "../state/session";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { complain, say } from "../ui/toast";

interface Asked {
  schedule: Schedule;
  onClose: () => void;
  onChange: () => void;
}

function PauseDialog({ schedule, onClose, onChange }: Asked) {
  const [reason, setReason] = useState("");
  const confirm = (event: Event) => {
    event.preventDefault();
    post<Schedule>(path("schedules", schedule.name, "pause"), { reason }).then(() => {
      say(`${schedule.name} is paused`);
      onClose();
      onChange();
    }, complain);
  };
  return (
    <Dialog title={`Pause ${schedule.name}?`} onClose={onClose}>
      <form onSubmit={confirm}>
        <p>
          It makes no task until somebody resumes it, also after a restart or a change of its
          definition. Nothing is owed for that time; tasks that it made stay.
        </p>
        <label class="field">
          <span>Reason (for those who look at the schedules)</span>
          <input
            value={reason}
            maxLength={1000}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <div class="row end">
          <button type="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" class="primary">
            Pause it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function RunDialog({ schedule, onClose }: Asked) {
  const [, navigate] = useLocation();
  const [sending, setSending] = useState(false);
  // The same until it is answered: asking again after a lost answer makes no second task.
  const key = useRef(newKey());
  const { definition } = schedule.task;
  const confirm = (event: Event) => {
    event.preventDefault();
    setSending(true);
    post<{ task: Task }>(path("schedules", schedule.name, "run"), {}, key.current).then(
      ({ task }) => {
        say("Started");
        onClose();
        navigate(`/tasks/${task.id}`);
      },
      (error) => {
        const { status } = problemOf(error);
        if (status >= 400 && status < 500) key.current = newKey();
        setSending(false);
        complain(error);
      },
    );
  };
  return (
    <Dialog title={`Run ${schedule.name} now?`} onClose={onClose}>
      <form onSubmit={confirm}>
        <p>
          Makes its task once, outside its times{schedule.paused && ", also while it is paused"}.
          Its own times stay as they are, and so does what it owes.
        </p>
        {definition && may("submit") && (
          <p>
            <Link href={`/start?schedule=${encodeURIComponent(schedule.name)}`}>
              With other params…
            </Link>
          </p>
        )}
        <div class="row end">
          <button type="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" class="primary" disabled={sending}>
            {sending ? "Starting…" : "Run it now"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What its definition pauses goes on when that is changed, and not before. */
function HoldButton(props: { schedule: Schedule; onPause: () => void; onChange: () => void }) {
  const { schedule } = props;
  if (!schedule.paused) {
    return (
      <button type="button" onClick={props.onPause}>
        <Icon name="pause" /> Pause<span class="unseen"> {schedule.name}</span>
      </button>
    );
  }
  if (!schedule.pause?.at) return null;
  const resume = () =>
    void post<Schedule>(path("schedules", schedule.name, "resume")).then(() => {
      say(`${schedule.name} goes on`);
      props.onChange();
    }, complain);
  return (
    <button type="button" onClick={resume}>
      <Icon name="play" /> Resume<span class="unseen"> {schedule.name}</span>
    </button>
  );
}

export function ScheduleActions(props: { schedule: Schedule; onChange: () => void }) {
  const { schedule, onChange } = props;
  const [asked, setAsked] = useState<"pause" | "run" | null>(null);
  const close = () => setAsked(null);
  if (!may("operate")) {
    if (!may("submit") || !schedule.task.definition) return null;
    return (
      <Link href={`/start?schedule=${encodeURIComponent(schedule.name)}`} class="button">
        <Icon name="start" /> Start its task…<span class="unseen"> {schedule.name}</span>
      </Link>
    );
  }
  return (
    <span class="row">
      <HoldButton schedule={schedule} onPause={() => setAsked("pause")} onChange={onChange} />
      <button type="button" onClick={() => setAsked("run")}>
        <Icon name="start" /> Run now<span class="unseen"> {schedule.name}</span>
      </button>
      {asked === "pause" && <PauseDialog schedule={schedule} onClose={close} onChange={onChange} />}
      {asked === "run" && <RunDialog schedule={schedule} onClose={close} onChange={onChange} />}
    </span>
  );
}
