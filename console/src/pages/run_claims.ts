// Which of a run's steps work, and which wait for a worker: the API calls both running, and tells
// of their tasks which have been claimed.

import { get, path } from "../api/client";
import type { Run, RunNode } from "../api/runs";
import type { State, Task, TaskPage } from "../api/types";

/** A step as it is shown: "queued" while its task waits for a worker. */
export interface ShownNode extends Omit<RunNode, "state"> {
  state: RunNode["state"] | "queued";
  /** Since when it works; null: no worker has begun it. */
  works_since: string | null;
}

/** At most so many steps are shown; a run may have a hundred thousand instances. */
const NODES = 1000;
const WAITS: State[] = ["blocked", "scheduled", "ready"];

function shown(node: RunNode, task: Task | undefined): ShownNode {
  const isQueued = node.state === "running" && task && WAITS.includes(task.state);
  // Of one that was tried again, or whose task is not told, all of its time counts.
  const isOfOneStart = task && !node.reused && task.attempt <= 1;
  return {
    ...node,
    state: isQueued ? "queued" : node.state,
    works_since: isOfOneStart ? task.started_at : node.began_at,
  };
}

export async function loadNodes(run: Run, abort: AbortSignal) {
  const [{ nodes, next_after }, { tasks }] = await Promise.all([
    get<{ nodes: RunNode[]; next_after: string | null }>(
      path("runs", run.id, "nodes"),
      { limit: NODES },
      abort,
    ),
    get<TaskPage>(
      "/v1/tasks",
      {
        created_by: `run:${run.id}`,
        created_after: run.created_at,
        order: "oldest_first",
        limit: NODES,
      },
      abort,
    ),
  ]);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const taskOf = (node: RunNode) => (node.task_id ? byId.get(node.task_id) : undefined);
  return { nodes: nodes.map((node) => shown(node, taskOf(node))), next_after };
}
