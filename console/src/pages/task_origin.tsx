// Where a task comes from: who made it, and the definition in git that it was made from.

import { Link } from "wouter-preact";
import type { Task } from "../api/types";
import { Foreign } from "../ui/bits";
import { shortId } from "../ui/format";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The run that made it; tasks of a run are done again by the run, not one by one. */
export function runOf(task: Task): string | null {
  const [what, id] = (task.created_by ?? "").split(":");
  return what === "run" && id && ID.test(id) ? id : null;
}

/** Whoever made it, as a link where there is a page of it. */
export function MadeBy({ task }: { task: Task }) {
  const by = task.created_by;
  const run = runOf(task);
  if (!by) return null;
  if (run) {
    return (
      <>
        run{" "}
        <Link href={`/runs/${run}`} class="mono">
          {shortId(run)}
        </Link>
      </>
    );
  }
  if (by.startsWith("schedule:")) {
    const name = by.slice("schedule:".length);
    return (
      <>
        schedule <Link href={`/schedules?name=${encodeURIComponent(name)}`}>{name}</Link>
      </>
    );
  }
  return (
    <Link href={`/tasks?created_by=${encodeURIComponent(by)}`} title="All that it has made">
      <Foreign text={by} max={80} />
    </Link>
  );
}

/** What the server itself has written into the labels: nobody else may give these. */
function sourceOf({ labels }: Task, what: "definition" | "pipeline"): string {
  const file = labels[`${what}.file`];
  const repository = labels[`${what}.repository`];
  const commit = labels[`${what}.commit`];
  if (!repository || !commit) return file ?? "";
  return `${repository} at ${commit.slice(0, 12)}${file ? `, ${file}` : ""}`;
}

export function definitionSource(task: Task): string {
  return sourceOf(task, "definition");
}

export function pipelineSource(task: Task): string {
  return sourceOf(task, "pipeline");
}
