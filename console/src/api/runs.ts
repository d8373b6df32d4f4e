// What the API answers of pipelines and their runs.

import type { JsonObject } from "./types";

export const RUN_STATES = ["waiting", "running", "succeeded", "failed", "cancelled"] as const;
export type RunState = (typeof RUN_STATES)[number];
export type NodeState = "running" | "succeeded" | "failed" | "cancelled" | "skipped";

export interface Step {
  path: string;
  kind: "task" | "pipeline" | "wait";
  task: string | null;
  pipeline: string | null;
  wait: JsonObject | null;
  needs: string[];
  inputs: string | null;
  matrix: string | null;
  for_each: string | null;
}

export interface Pipeline {
  name: string;
  params: JsonObject | null;
  timeout: string | null;
  concurrency: number;
  steps: Step[];
}

export interface Run {
  id: string;
  pipeline: string;
  state: RunState;
  params: JsonObject;
  created_by: string;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  outputs: JsonObject | null;
  error: string | null;
  stop_asked: { by: string; reason: string | null } | null;
  reuse_from: string | null;
}

export interface RunNode {
  path: string;
  kind: "none" | "task" | "wait" | "group";
  state: NodeState;
  task_id: string | null;
  error: string | null;
  due_at: string | null;
  began_at: string;
  ended_at: string | null;
  reused: boolean;
  wait: JsonObject | null;
}

export interface StepReason {
  path: string;
  is: "reused" | "new" | "unfinished" | "differs" | "asked" | "undecided";
  fields: string[];
}

export interface RunExplanation {
  run: string;
  against: string;
  steps: StepReason[];
}
