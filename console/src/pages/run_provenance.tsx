// How an ended run came about.

import type { Run } from "../api/runs";
import { Foreign, Time } from "../ui/bits";
import { ProvenancePanel } from "./provenance";

export function RunProvenance({ run }: { run: Run }) {
  if (!run.ended_at) return null;
  return (
    <ProvenancePanel map="runs" id={run.id}>
      <div>
        <dt>Pipeline</dt>
        <dd>
          <Foreign text={run.pipeline} max={100} />
        </dd>
      </div>
      <div>
        <dt>Made by</dt>
        <dd>
          <Foreign text={run.created_by} max={100} />
        </dd>
      </div>
      <div>
        <dt>Ended</dt>
        <dd>
          <Time at={run.ended_at} />
        </dd>
      </div>
    </ProvenancePanel>
  );
}
