// Asks a server what its own OpenAPI document says that it answers, with requests that fit the
// document and with such that are broken, and holds every answer to that document.
// usage: fuzz.mjs URL REQUESTS SEED TOKEN. Exit status 1: an answer was not as the document says.

import { createHash } from "node:crypto";

import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { createGeneratorSync, registerFormat } from "json-schema-faker";

const [url, requests, seed] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

// The requests may make tokens, from which on all are asked for one.
const ask = (target, more) => fetch(target, {
  ...more, headers: { ...more?.headers, Authorization: `Bearer ${process.argv[5]}` } });

/** mulberry32: the same seed, the same requests. */
function randomFrom(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const random = randomFrom(seed);
const below = (bound) => Math.floor(random() * bound);
const pick = (list) => list[below(list.length)];
const chance = (p) => random() < p;

const document = await (await ask(`${url}/v1/openapi.json`)).json();
const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
addFormats(ajv);
for (const format of ["waybill-duration", "waybill-label", "cron", "time-zone"]) ajv.addFormat(format, true);
registerFormat("waybill-label", () => pick(["team=data", "a=", "a=b=c"]));
registerFormat("waybill-duration", () => pick(["1s", "30s", "5m", "1h30m", "250ms"]));
ajv.addSchema(document, "api");
const resolve = (value) =>
  value?.$ref
    ? resolve(value.$ref.slice(2).split("/").reduce((at, name) => at[name], document))
    : value;

/** The place of each response's schema, for Ajv: it resolves what that refers to. */
function pointer(...names) {
  return "api#/" + names.map((name) => name.replace(/~/g, "~0").replace(/\//g, "~1"))
    .map(encodeURIComponent).join("/");
}

const kLimits = { seed, maxDefaultItems: 3, maxLength: 60 };
const generators = [createGeneratorSync({ ...kLimits, optionalsProbability: 0.4 }),
                    createGeneratorSync({ ...kLimits, alwaysFakeOptionals: true })];
/** The faker gives up on references that lie deep. */
function inlined(schema) {
  if (Array.isArray(schema)) return schema.map(inlined);
  if (schema === null || typeof schema !== "object") return schema;
  const { $ref, ...rest } = schema;
  if ($ref) return { ...inlined(resolve({ $ref })), ...inlined(rest) };
  return Object.fromEntries(Object.entries(rest).map(([name, at]) => [name, inlined(at)]));
}
function generate(schema) {
  const whole = { type: "object", required: ["it"], properties: { it: inlined(schema) } };
  try {
    return generators[0].generate(whole).it;
  } catch {
    return generators[1].generate(whole).it;  // it left out too many members
  }
}

// Tasks that are there, of which some are leased, so that requests can meet something.
const known = [];
let running = "";  // leased with the first fence, and touched by nothing but its output
// A content that `running` has recorded, and the artifact of a task that has succeeded.
const kContent = "fuzz\n";
const digest = createHash("sha256").update(kContent).digest("hex");
let left = "";
let run = "";  // reuses another one, and waits for an approval
async function post(path, body) {
  const answer = await ask(url + path, { method: "POST", body: JSON.stringify(body),
                                           headers: { "Content-Type": "application/json" } });
  return answer.json();
}
const put = (path, body, type = "application/json") =>
  ask(url + path, { method: "PUT", body, headers: { "Content-Type": type } });
async function makeTasks() {
  const tasks = Array.from({ length: 20 }, (_, i) =>
    ({ kind: "command", spec: { command: ["true"] }, queue: `fuzz-${i % 3}` }));
  known.length = 0;
  for (const { id } of (await post("/v1/tasks", { tasks })).tasks) known.push({ id, fence: 1 });
  await post("/v1/claims", { worker: "fuzz", limit: 8 });
  const task = { kind: "command", spec: { command: ["true"] }, queue: "fuzz-logs" };
  running = (await post("/v1/tasks", task)).task.id;
  left = (await post("/v1/tasks", task)).task.id;
  await post("/v1/claims", { worker: "fuzz", queues: [task.queue], limit: 1000, lease: "24h" });
  const artifacts = [{ name: "fuzz-0", sha256: digest, size_bytes: kContent.length }];
  for (const id of [running, left]) {
    await put(`/v1/tasks/${id}/artifacts`, JSON.stringify({ fence: 1, artifacts }));
    await put(`/v1/artifacts/sha256/${digest}?task=${id}&fence=1`, kContent,
              "application/octet-stream");
  }
  await post("/v1/finishes", { tasks: [{ id: left, fence: 1, outcome: "succeeded" }] });
  const first = await post("/v1/runs", { pipeline: "fuzz-0" });
  run = (await post("/v1/runs", { pipeline: "fuzz-0", reuse_from: first.id })).id;
}

/** One that is there, whatever became of it before. */
async function makeWebhook() {
  const value = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
  await put("/v1/secrets/fuzz-webhook", JSON.stringify({ value }));
  await put("/v1/webhooks/fuzz-0",
            JSON.stringify({ url: "https://fuzz.invalid/", secrets: ["fuzz-webhook"] }));
}

const kWords = ["", "x", "fuzz-0", "ready", "\u0000", "\u202e", "\ud83d\ude00", "%00", "../..",
                "a".repeat(3000), "0", "-1", "1e999", "2026-11-26T12:00:00Z", "5s", "null"];
const kValues = [null, true, -1, 0, 1.5, 2 ** 53, -(2 ** 63), 1e300, "", "x", "\u0000",
                 "a".repeat(10_000), [], {}, [[]], { a: { b: {} } }];

function nameItems(body) {
  for (const item of body.items ?? []) item.url = `https://fuzz.invalid/${below(9)}`;
}

/** One is revoked by who revokes tokens; refused where it is there still. */
async function makeToken() {
  await post("/v1/tokens", { name: "fuzz-0", role: "viewer" });
}

/** One is removed by who removes collections. */
async function makeCollection() {
  const made = await post("/v1/collections", {
    title: "fuzz", url: "https://fuzz.invalid/", items: [{ url: "https://fuzz.invalid/a" }] });
  return made.collection.id;
}

/** Puts what is there in the place of what could not be, and keeps long polls short. */
function meet(value, path = []) {
  if (Array.isArray(value)) return value.slice(0, 8).map((element) => meet(element, path));
  if (value === null || typeof value !== "object") return value;
  const task = pick(known);
  for (const name of Object.keys(value)) {
    if (name === "id" && chance(0.7)) value.id = task.id;
    else if (name === "fence" && chance(0.7)) value.fence = task.fence;
    else if (name === "waits_for") value.waits_for = chance(0.5) ? [task.id] : value.waits_for;
    else if (name === "wait") value.wait = "10ms";
    else if (/^(lease|delay|timeout|retry_after|backoff|backoff_max)$/.test(name)) {
      value[name] = pick(["1s", "30s", "5m"]);
    } else value[name] = meet(value[name], [...path, name]);
  }
  return value;
}

/** What the document says in words alone. */
const kWording = {
  createCollection(body) {
    if (body.url) body.url = "https://fuzz.invalid/other";
    nameItems(body);
  },
  addCollectionItems: nameItems,
  createToken(body) {
    body.name = chance(0.6) ? "fuzz-0" : `fuzz-${below(3)}`;  // the first one is revoked
    if (body.expires) body.expires = pick(["1s", "90d"]);
  },
  createTasks(body) {
    for (const task of body.tasks ?? [body]) {
      const isKind = chance(0.5);
      for (const name of ["kind", "spec", "definition", "id"]) delete task[name];
      Object.assign(task, isKind ? { kind: "command", spec: { command: ["true"] } }
                                 : { definition: "fuzz-0" });
      if (task.delay) delete task.run_at;
    }
  },
  createRun(body) {
    body.pipeline = "fuzz-0";
    for (const name of ["reuse_from", "anew"]) delete body[name];
  },
  retryRun(body) {
    delete body.anew;
  },
  putWebhook(body) {
    Object.assign(body, { url: "https://fuzz.invalid/hook", secrets: ["fuzz-webhook"] });
  },
  writeTaskLogs(body) {
    body.fence = 1;
  },
  recordTaskArtifacts(body) {
    body.fence = 1;
    body.artifacts = [{ name: "fuzz-0", sha256: digest, size_bytes: kContent.length }];
  },
  readTaskSecrets(body) {
    Object.assign(body, { worker: "fuzz", fence: 1 });
    delete body.names;  // it names none
  },
  takeHostTurns(body) {
    body.lease = "10s";
    body.hosts.forEach((need, i) => {
      need.host = `fuzz-${i}`;
      for (const name of ["delay", "wait_max", "leave_alone"]) if (name in need) need[name] = "1s";
    });
  },
  finishTasks(body) {
    const takes = { succeeded: ["result"], failed: ["error", "permanent", "proof"],
                    snoozed: ["delay"], given_back: ["reason"], cancelled: ["proof"] };
    for (const task of body.tasks) {
      const kept = ["id", "fence", "outcome", ...takes[task.outcome]];
      for (const name of Object.keys(task)) if (!kept.includes(name)) delete task[name];
    }
  },
};

/** Breaks something somewhere in it. */
function broken(value) {
  const places = [];
  const walk = (at) => {
    if (at === null || typeof at !== "object") return;
    for (const key of Object.keys(at)) {
      places.push([at, key]);
      walk(at[key]);
    }
  };
  const whole = { body: structuredClone(value) };
  walk(whole);
  for (let i = 1 + below(2); i > 0; --i) {
    const [at, key] = pick(places);
    const how = below(4);
    if (how === 0 && key !== "body") delete at[key];
    else if (how === 1 && at[key] && typeof at[key] === "object" && !Array.isArray(at[key])) {
      at[key][pick(["unknown", "__proto__x", "", "\u0000"])] = pick(kValues);
    } else at[key] = structuredClone(pick(kValues));
  }
  return whole.body;
}

function queryOf(operation, isBroken) {
  const query = new URLSearchParams();
  for (const parameter of (operation.parameters ?? []).map(resolve)) {
    if (parameter.in !== "query" || (!parameter.required && chance(0.6))) continue;
    const value = isBroken && chance(0.5) ? pick(kWords)
                : parameter.name === "task" && parameter.required ? running
                : parameter.name === "fence" ? 1 : generate(resolve(parameter.schema));
    for (const one of Array.isArray(value) ? value : [value]) query.append(parameter.name, one);
  }
  if (isBroken && chance(0.2)) query.append(pick(["x", "limit", "cursor", "state"]), pick(kWords));
  return query.toString();
}

function pathOf({ template, operation }, isBroken) {
  return template.replace(/{(\w+)}/g, (_, name) => {
    const isForRunning = ["writeTaskLogs", "readTaskSecrets", "recordTaskArtifacts"]
      .includes(operation.operationId);
    const isForLeft = operation.operationId === "getTaskArtifact";
    const isForRun = template.startsWith("/v1/runs/");
    const isForCollection = template.startsWith("/v1/collections/");
    const task = isForRunning ? running : isForLeft ? left : isForRun ? run
               : isForCollection ? collection : pick(known).id;
    const value = name === "id" ? task : name === "sha256" ? digest
                : name === "number" ? "1" : "fuzz-0";
    return encodeURIComponent(isBroken && chance(0.3) ? pick(kWords.slice(1)) : value);
  });
}

function requestOf({ method, template, operation }) {
  const isBroken = chance(0.5);
  const query = queryOf(operation, isBroken && chance(0.5));
  const headers = {};
  if (method === "post" && chance(0.2)) headers["Idempotency-Key"] = `k${below(200)}`;
  const content = operation.requestBody && resolve(operation.requestBody).content;
  let body;
  if (content?.["application/octet-stream"]) {
    body = isBroken ? pick(kWords) : kContent;
    headers["Content-Type"] = "application/octet-stream";
  } else if (content) {
    const value = meet(generate(content["application/json"].schema));
    kWording[operation.operationId]?.(value);
    body = JSON.stringify(isBroken ? broken(value) : value);
    headers["Content-Type"] = "application/json";
    if (isBroken && chance(0.1)) body = body.slice(0, below(body.length));
  }
  const target = pathOf({ template, operation }, isBroken) + (query && `?${query}`);
  return { target, headers, body, isBroken };
}

/** Why the answer is not what the document says; undefined: it is. */
async function problemOf({ method, template, operation }, answer) {
  const status = String(answer.status);
  if (answer.status >= 500) return `status ${status}: ${await answer.text()}`;
  const name = operation.responses[status] ? status : "default";
  if (name === "default" && answer.status < 400) return `status ${status} is not documented`;
  const type = (answer.headers.get("content-type") ?? "").split(";")[0];
  const response = resolve(operation.responses[name]);
  const types = Object.keys(response.content ?? {});
  if (types.length === 0) return (await answer.text()) === "" ? undefined : "a body was sent";
  // An artifact has the type of its own, as its media_type says.
  if (types.includes("application/octet-stream")) return void (await answer.arrayBuffer());
  if (!types.includes(type)) return `content type "${type}" is none of ${types}`;
  if (type === "text/event-stream") return void (await answer.body.cancel());
  if (!type.endsWith("json")) return void (await answer.text());
  const value = await answer.json();
  answer.detail = value.detail;
  const schema = response.content[type].schema;
  const validate = ajv.getSchema(schema.$ref ? "api" + schema.$ref
                                 : pointer("paths", template, method, "responses", name, "content",
                                           type, "schema"));
  if (!validate) return "its schema cannot be read";
  if (!validate(value)) return `${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`;
  if (answer.status >= 400 && value.status !== answer.status) return "the problem's status differs";
}

const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
  Object.entries(methods).filter(([, operation]) => operation.operationId)
    .map(([method, operation]) => ({ method, template, operation })));

let collection;

const done = new Map();
const refused = new Map();  // the last that fitted, for whoever mends this
let failures = 0;
for (let i = 0; i < requests; ++i) {
  if (i % 150 === 0) await makeTasks();
  const what = operations[i % operations.length];
  if (what.template.startsWith("/v1/webhooks/")) await makeWebhook();
  if (what.template.startsWith("/v1/collections/")) collection = await makeCollection();
  if (what.template.startsWith("/v1/tokens/")) await makeToken();
  const request = requestOf(what);
  const answer = await ask(url + request.target, {
    method: what.method.toUpperCase(), headers: request.headers, body: request.body,
    signal: AbortSignal.timeout(20_000) });
  const id = what.operation.operationId;
  const problem = await problemOf(what, answer);
  if (problem) {
    ++failures;
    console.log(`${id}: ${what.method} ${request.target.slice(0, 300)}\n` +
                `  ${(request.body ?? "").slice(0, 500)}\n  ${problem.slice(0, 1000)}`);
  }
  if (request.isBroken) continue;
  // A conflict has come as far as the ledger.
  if (answer.status < 400 || answer.status === 409) done.set(id, (done.get(id) ?? 0) + 1);
  else refused.set(id, `${request.target} ${request.body} ${answer.status} ${answer.detail}`);
}
// What takes a provider of logins, which this server has not.
const kElsewhere = new Set(["beginLogin", "completeLogin", "revokeSession"]);
// Else it would prove nothing about their answers.
for (const { operation } of operations) {
  if (done.has(operation.operationId) || kElsewhere.has(operation.operationId)) continue;
  ++failures;
  console.log(`${operation.operationId}: never anything but a refusal: ` +
              refused.get(operation.operationId));
}
const answered = [...done.values()].reduce((sum, count) => sum + count, 0);
console.log(`fuzz: ${requests} requests, ${answered} granted, ${failures} findings`);
process.exit(failures === 0 ? 0 : 1);
