// Queues: how deep, how many at a time, held or not.

import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { get, path, post } from "../api/client";
import type { Queue, State } from "../api/types";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Loaded, Page } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { count, counted, span } from "../ui/format";
import { Icon } from "../ui/icon";
import { type Column, Table } from "../ui/table";
import { complain, say } from "../ui/toast";
import { useBulk } from "./tasks_bulk";
import { readFilter } from "./tasks_filter";

function change(queue: Queue, what: "pause" | "resume", done: () => void): void {
  post(path("queues", queue.name, what)).then(() => {
    say(what === "pause" ? `${queue.name} is paused` : `${queue.name} goes on`);
    done();
  }, complain);
}

function PauseDialog(props: { queue: Queue; onClose: () => void; onChange: () => void }) {
  const { queue } = props;
  const confirm = (event: Event) => {
    event.preventDefault();
    props.onClose();
    change(queue, "pause", props.onChange);
  };
  return (
    <Dialog title={`Pause ${queue.name}?`} onClose={props.onClose}>
      <form onSubmit={confirm}>
        <p>
          None of its tasks is claimed until it is resumed.{" "}
          {counted(queue.tasks.ready, "ready task")} would wait, and{" "}
          {counted(queue.tasks.leased, "task")} that a worker has would go on.
        </p>
        <div class="row end">
          <button type="button" onClick={props.onClose}>
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

function Number({ queue, state }: { queue: Queue; state: State }) {
  const number = queue.tasks[state];
  if (!number) return <span class="muted zero">0</span>;
  return (
    <Link href={`/tasks?queue=${encodeURIComponent(queue.name)}&state=${state}`}>
      {count(number)}
      <span class="unseen">
        {" "}
        {state} in {queue.name}
      </span>
    </Link>
  );
}

const keptFor = (text: string) => span(text).replace(" ", "\u00a0") || "for ever";

/** Failed tasks are often kept longer than others: it is told where it differs. */
function Kept({ retention }: { retention: Queue["retention"] }) {
  const { succeeded, failed, cancelled } = retention;
  return (
    <div>
      {keptFor(succeeded)}
      {failed !== succeeded && <div class="small">failed&nbsp;{keptFor(failed)}</div>}
      {cancelled !== succeeded && <div class="small">cancelled&nbsp;{keptFor(cancelled)}</div>}
    </div>
  );
}

const SHOWN: State[] = [
  "blocked",
  "scheduled",
  "ready",
  "leased",
  "succeeded",
  "failed",
  "cancelled",
];

interface Does {
  pause: (queue: Queue) => void;
  replay: (queue: Queue) => void;
  reload: () => void;
}

function Actions({ queue, does }: { queue: Queue; does: Does }) {
  const { name, tasks } = queue;
  if (!may("operate")) return null;
  return (
    <span class="row">
      {queue.paused ? (
        <button type="button" onClick={() => change(queue, "resume", does.reload)}>
          <Icon name="play" /> Resume<span class="unseen"> {name}</span>
        </button>
      ) : (
        <button type="button" onClick={() => does.pause(queue)}>
          <Icon name="pause" /> Pause<span class="unseen"> {name}</span>
        </button>
      )}
      {tasks.failed > 0 && (
        <button type="button" onClick={() => does.replay(queue)}>
          <Icon name="retry" /> Replay failed…<span class="unseen"> of {name}</span>
        </button>
      )}
    </span>
  );
}

function columns(does: Does): Column<Queue>[] {
  return [
    {
      title: "Queue",
      narrow: "title",
      cell: (queue) => (
        <>
          <Link href={`/tasks?queue=${encodeURIComponent(queue.name)}`}>{queue.name}</Link>{" "}
          {queue.paused && (
            <span class="state state-failed">
              <Icon name="pause" />
              paused
            </span>
          )}
        </>
      ),
    },
    ...SHOWN.map((state): Column<Queue> => ({
      title: state,
      number: true,
      cell: (queue) => <Number queue={queue} state={state} />,
    })),
    {
      title: "At a time",
      number: true,
      cell: ({ concurrency }) => (concurrency ? count(concurrency) : "no limit"),
    },
    {
      title: "Kept",
      cell: ({ retention }) => <Kept retention={retention} />,
    },
    {
      title: "Action",
      cell: (queue) => <Actions queue={queue} does={does} />,
    },
  ];
}

export function QueuesPage() {
  const [asked, setAsked] = useState<Queue | null>(null);
  const queues = useResource(
    "queues",
    (abort) => get<{ queues: Queue[] }>("/v1/queues", {}, abort),
    { on: () => true, everyMs: 5000 },
  );
  const bulk = useBulk(queues.reload);
  const replay = ({ name }: Queue) =>
    void bulk.ofAll("retry", readFilter(`state=failed&queue=${encodeURIComponent(name)}`));
  return (
    <Page
      title="Queues"
      lead={
        <>
          Where ready tasks wait; what failed stays as a dead letter until it is replayed or its
          time to be kept is over. Limits and retention stand in the definitions.
        </>
      }
    >
      <Loaded of={queues}>
        {({ queues: all }) =>
          all.length ? (
            <Table
              caption="Queues"
              rows={all}
              id={({ name }) => name}
              columns={columns({ pause: setAsked, replay, reload: queues.reload })}
            />
          ) : (
            <Empty title="There are no queues yet">
              <p>A queue comes with its first task.</p>
            </Empty>
          )
        }
      </Loaded>
      {bulk.shown}
      {asked && (
        <PauseDialog queue={asked} onClose={() => setAsked(null)} onChange={queues.reload} />
      )}
    </Page>
  );
}
