// How a finished task came about.

import type { Task } from "../api/types";
import { Foreign, Time } from "../ui/bits";
import { ProvenancePanel } from "./provenance";
import { definitionSource, pipelineSource } from "./task_origin";

export function Provenance({ task }: { task: Task }) {
  if (!task.finished_at) return null;
  // Of one in no repository its name has to do.
  const source = definitionSource(task) || task.definition;
  const pipeline = pipelineSource(task);
  return (
    <ProvenancePanel map="tasks" id={task.id}>
      <div>
        <dt>Definition</dt>
        <dd>
          {source ? <Foreign text={source} max={200} /> : "none: made of its kind and spec alone"}
        </dd>
      </div>
      {pipeline && (
        <div>
          <dt>Pipeline</dt>
          <dd>
            <Foreign text={pipeline} max={200} />
          </dd>
        </div>
      )}
      {task.worker && (
        <div>
          <dt>Worker</dt>
          <dd>
            <Foreign text={task.worker} max={100} />, attempt {task.attempt}
          </dd>
        </div>
      )}
      <div>
        <dt>Finished</dt>
        <dd>
          <Time at={task.finished_at} />
        </dd>
      </div>
    </ProvenancePanel>
  );
}
