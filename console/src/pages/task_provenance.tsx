// How a finished task came about, as the server signs it when somebody asks.

import { path, token } from "../api/client";
import type { Task } from "../api/types";
import { Foreign, Panel, Time } from "../ui/bits";
import { Icon } from "../ui/icon";
import { saveFrom } from "../ui/save";
import { complain } from "../ui/toast";
import { definitionSource } from "./task_origin";

function Statement({ task }: { task: Task }) {
  const url = path("tasks", task.id, "provenance");
  const name = `provenance-${task.id}.json`;
  // A link sends the session's cookie by itself, but no token.
  if (!token.value) {
    return (
      <a href={url} download={name} class="row">
        <Icon name="download" /> Signed statement
      </a>
    );
  }
  return (
    <button
      type="button"
      class="link"
      onClick={() => void saveFrom(url, name).catch(complain)}
    >
      <Icon name="download" /> Signed statement
    </button>
  );
}

export function Provenance({ task }: { task: Task }) {
  if (!task.finished_at) return null;
  const source = definitionSource(task);
  return (
    <Panel title="Provenance">
      <dl class="facts">
        <dt>Definition</dt>
        <dd>{source ? <Foreign text={source} max={200} /> : "not from a repository"}</dd>
        {task.worker && (
          <>
            <dt>Worker</dt>
            <dd>
              <Foreign text={task.worker} max={100} />
            </dd>
          </>
        )}
        <dt>Finished</dt>
        <dd>
          <Time at={task.finished_at} />
        </dd>
        <dt>Statement</dt>
        <dd>
          <Statement task={task} />
        </dd>
      </dl>
      <p class="hint">
        In-toto with SLSA provenance. <code>waybill provenance verify</code> checks it and the
        artifacts offline.
      </p>
    </Panel>
  );
}
