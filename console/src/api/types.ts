// What the API answers (docs/reference/api.md); only what the console shows.

export const STATES = [
  "blocked",
  "scheduled",
  "ready",
  "leased",
  "succeeded",
  "failed",
  "cancelled",
] as const;
export type State = (typeof STATES)[number];
export const LIVE: readonly State[] = ["blocked", "scheduled", "ready", "leased"];

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };
export type Role = "viewer" | "submitter" | "worker" | "operator" | "admin";
export type Right = "read" | "submit" | "work" | "operate" | "admin";

export interface Me {
  name: string;
  role: Role;
  came_by: "session" | "token" | "open";
  provider: string | null;
  login: string | null;
  session: { id: string; created_at: string; ends_at: string } | null;
}

export interface RetryPolicy {
  failures: number;
  worker_deaths: number;
  backoff: string;
  backoff_max: string;
  backoff_factor: number;
  jitter: number;
}

export interface Task {
  id: string;
  state: State;
  queue: string;
  kind: string;
  definition: string | null;
  priority: number;
  created_at: string | null;
  created_by: string | null;
  run_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  lease_until: string | null;
  worker: string | null;
  attempt: number;
  fence: number;
  failures: number;
  worker_deaths: number;
  waiting_for: number;
  waits_for: string[];
  timeout: string | null;
  retry: RetryPolicy;
  dedup_key: string | null;
  labels: Record<string, string>;
  spec: JsonObject;
  params: JsonObject;
  result: JsonObject | null;
  error: string | null;
  cancel: { requested_at: string | null; by: string; reason: string } | null;
  notify: NotifyRule[] | null;
}

export interface NotifyRule {
  on: State[];
  kind: string;
  to: string[];
  url: string | null;
}

export interface TaskPage {
  tasks: Task[];
  damaged: { id: string; what: string }[];
  next_cursor: string | null;
}

export interface HistoryEntry {
  at: string | null;
  happening: string;
  state: State;
  fence: number;
  attempt: number;
  worker: string | null;
  reason: string | null;
}

export interface TaskEvent extends HistoryEntry {
  sequence: number;
  id: string;
  queue: string;
}

export interface TaskProgress {
  id: string;
  queue: string;
  progress: JsonObject;
}

export interface Condition {
  reason: string;
  sentence: string;
  earliest: string | null;
  advice: string | null;
}

export interface Explanation {
  id: string;
  state: State;
  now: string | null;
  ahead: number;
  conditions: Condition[];
}

export interface LogChunk {
  attempt: number;
  at: string | null;
  stream: "stdout" | "stderr" | "system";
  text: string;
}

export interface Artifact {
  name: string;
  sha256: string;
  size_bytes: number;
  media_type: string;
  created_at: string;
  url: string;
}

export interface Queue {
  name: string;
  paused: boolean;
  concurrency: number;
  retention: { succeeded: string; failed: string; cancelled: string };
  tasks: Record<State, number>;
}

export interface Definition {
  name: string;
  kind: string;
  queue: string;
  priority: number;
  timeout: string | null;
  retry: RetryPolicy;
  labels: Record<string, string>;
  params_schema: JsonObject | null;
  spec: JsonObject;
  may?: { start: boolean | null; because: string } | null;
  source?: DefinitionSource | null;
}

export interface DefinitionSource {
  repository: string | null;
  commit: string | null;
  file: string;
  line: number;
}

export interface DefinitionVersion {
  number: number;
  since: string;
  source: DefinitionSource;
  definition: JsonObject;
}

export interface ScanPass {
  scan: string;
  number: number;
  first_at: string;
  last_at: string;
  passes: number;
  error: string | null;
  now: string | null;
  complete: boolean;
  objects_listed: number;
  planned: number;
  inserted: number;
  duplicates: number;
  failed: number;
  skipped: number;
  report: JsonObject | null;
}

export interface Scan {
  name: string;
  defined: boolean;
  planner: string | null;
  every: string | null;
  latest: ScanPass | null;
}

export interface DiskSpace {
  free_bytes: number;
  size_bytes: number;
  state: string;
}

export interface Disks {
  data: DiskSpace;
  artifacts: DiskSpace | null;
  ledger: { bytes: number; place: string };
}

export interface Schedule {
  name: string;
  cron: string;
  zone: string;
  daylight: string;
  catch_up: string;
  paused: boolean;
  pause: { at: string | null; by: string; reason: string } | null;
  source: string;
  handled_until: string | null;
  next: string | null;
  next_fires: string[];
  task: {
    definition: string | null;
    kind: string;
    queue: string;
    priority: number;
    spec: JsonObject;
    params: JsonObject;
  };
}

export interface Worker {
  name: string;
  host: string;
  process_id: number;
  version: string | null;
  queues: string[];
  kinds: string[];
  slots: number;
  busy: number;
  tasks: string[];
  started_at: string | null;
  seen_at: string | null;
}

export interface Webhook {
  name: string;
  state: "active" | "paused" | "gone";
  url: string;
  states: State[];
  queues: string[];
  kinds: string[];
  definitions: string[];
  secrets: string[];
  sequence: number;
  failures: number;
  waits_until: string | null;
  succeeded_at: string | null;
  failed_at: string | null;
  status: number | null;
  error: string | null;
  gaps: number;
}

export interface WebhookDelivery {
  id: string;
  sequence: number;
  attempts: number;
  given_up: boolean;
  next_at: string | null;
  status: number | null;
  error: string | null;
}

export interface Secret {
  name: string;
  key_id: string;
  created_at: string;
  changed_at: string;
  changed_by: string;
}

/** An API token, without its text. */
export interface Token {
  id: string;
  name: string;
  role: Role;
  rate_limit: number | null;
  state: "active" | "expired" | "revoked";
  created_at: string;
  created_by: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
  current: boolean;
}

/** A browser that somebody has logged in with. */
export interface LoginSession {
  id: string;
  person: string;
  role: Role | null;
  state: "active" | "expired" | "revoked";
  created_at: string;
  seen_at: string;
  seen_from: string | null;
  ends_at: string;
  current: boolean;
}

export interface AuditEntry {
  at: string;
  who: string;
  from: string | null;
  operation: string;
  subject: string | null;
  count: number;
  outcome: "done" | "refused" | "failed";
  reason: string | null;
}

export interface BulkResult {
  matched: number;
  changed: number;
  failed: { id: string; problem: { title: string; detail: string } }[];
  more: boolean;
}
