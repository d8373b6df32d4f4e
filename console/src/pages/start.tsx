// A form for each definition: what it takes, and at once whether one may.

import { useRef, useState } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";
import { get, newKey, path, post, type Problem } from "../api/client";
import type { Definition, JsonObject, Schedule, Task } from "../api/types";
import { problemOf, useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Foreign, Loaded, Loading, Page, Panel, Trouble } from "../ui/bits";
import { shortId } from "../ui/format";
import { Icon } from "../ui/icon";
import { readLabels, writeLabels } from "../ui/labels";
import { Refused, wrongOf } from "../ui/refused";
import { hasFields, Refusal, SchemaFields } from "../ui/schema_form";
import { say } from "../ui/toast";

interface Options {
  delay: string;
  priority: string;
  queue: string;
  labels: string;
  dedup: string;
}
const NONE: Options = { delay: "", priority: "", queue: "", labels: "", dedup: "" };

/** What a task is made from: a definition, or a kind and its spec. */
type Base = { definition: Definition } | { kind: string; spec: JsonObject };

function isOfDefinition(base: Base): base is { definition: Definition } {
  return "definition" in base;
}

/** The server writes labels of definitions in git itself, and lets nobody else. */
const isReserved = (name: string) => name.startsWith("definition.");

/** What is as the definition has it is left to the definition. */
function optionsLike(task: Task, definition: Definition | null): Options {
  const labels = Object.entries(task.labels).filter(
    ([name, value]) => !isReserved(name) && definition?.labels[name] !== value,
  );
  // Those that a field of one line cannot hold are not taken along.
  const words = labels
    .map(([name, value]) => `${name}=${value}`)
    .filter((one) => !/["\n\r]/.test(one));
  return {
    ...NONE,
    queue: task.queue === (definition?.queue ?? "default") ? "" : task.queue,
    priority: task.priority === (definition?.priority ?? 0) ? "" : String(task.priority),
    labels: writeLabels(words),
  };
}

function labelsOf(text: string): Record<string, string> {
  const pairOf = (label: string) => {
    const at = label.indexOf("=");
    return [label.slice(0, at), label.slice(at + 1)];
  };
  return Object.fromEntries(readLabels(text).map(pairOf));
}

function bodyOf(base: Base, params: JsonObject, options: Options): JsonObject {
  const labels = labelsOf(options.labels);
  return {
    ...(isOfDefinition(base)
      ? { definition: base.definition.name }
      : { kind: base.kind, spec: base.spec }),
    params,
    ...(options.delay ? { delay: options.delay } : {}),
    ...(options.priority ? { priority: Number(options.priority) } : {}),
    ...(options.queue ? { queue: options.queue } : {}),
    ...(options.dedup ? { dedup_key: options.dedup } : {}),
    ...(Object.keys(labels).length ? { labels } : {}),
  };
}

function OptionFields(props: {
  options: Options;
  base: Base;
  set: (options: Options) => void;
  /** The one that was refused. */
  wrong: string;
}) {
  const one = (name: keyof Options, title: string, hint: string, type = "text") => (
    <label class="field">
      <span>{title}</span>
      <input
        type={type}
        aria-invalid={props.wrong === (name === "dedup" ? "/dedup_key" : `/${name}`)}
        placeholder={hint}
        value={props.options[name]}
        onInput={(event) => props.set({ ...props.options, [name]: event.currentTarget.value })}
      />
    </label>
  );
  const { base } = props;
  const usual = isOfDefinition(base) ? base.definition : { priority: 0, queue: "default" };
  return (
    <details open={props.options !== NONE && Object.values(props.options).some(Boolean)}>
      <summary>Time, queue, labels</summary>
      <div class="fields">
        {one("delay", "Not before, from now", "10m, 1h30m, 7d")}
        {one("priority", "Priority", String(usual.priority), "number")}
        {one("queue", "Queue", usual.queue)}
        {one("labels", "Labels", "team=data run=17")}
        {one("dedup", "Dedup key", "only one live task has it")}
      </div>
    </details>
  );
}

function Allowed({ definition }: { definition: Definition }) {
  const mine = definition.may;
  if (!may("submit")) {
    return (
      <div class="trouble">
        <Icon name="warning" />
        <p>Your role may look, not start. Ask an administrator for the role submitter.</p>
      </div>
    );
  }
  if (!mine) return null;
  return (
    <div class={mine.start === true ? "trouble good" : "trouble"}>
      <Icon name={mine.start === true ? "check" : "warning"} />
      <p>
        <Foreign text={mine.because} max={600} />
      </p>
    </div>
  );
}

export function JsonParams(props: {
  value: JsonObject;
  onChange: (value: JsonObject) => void;
  what?: string;
}) {
  const what = props.what ?? "Params";
  const [typed, setTyped] = useState(JSON.stringify(props.value, null, 2));
  const take = (input: HTMLTextAreaElement) => {
    setTyped(input.value);
    try {
      const value: unknown = JSON.parse(input.value || "{}");
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw new Error("it is to be an object: { … }");
      }
      props.onChange(value as JsonObject);
      input.setCustomValidity("");
    } catch (error) {
      input.setCustomValidity(`This is no JSON object: ${(error as Error).message}`);
    }
  };
  return (
    <label class="field">
      <span>{what} as JSON</span>
      <textarea
        rows={10}
        spellcheck={false}
        value={typed}
        onInput={(event) => take(event.currentTarget)}
      />
    </label>
  );
}

function StartForm({ wanted, base: first }: { wanted: Wanted; base: Base }) {
  const [base, setBase] = useState(first);
  const [params, setParams] = useState(wanted.params);
  const [options, setOptions] = useState(wanted.options);
  const definition = isOfDefinition(base) ? base.definition : null;
  const schema = definition?.params_schema ?? null;
  const withFields = hasFields(schema);
  const mayStart = definition ? may("submit") && definition.may?.start !== false : may("operate");
  const name = isOfDefinition(base) ? base.definition.name : base.kind;
  const [asJson, setAsJson] = useState(!withFields);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sending, setSending] = useState(false);
  // The same until it has worked: sending twice makes one task.
  const key = useRef(newKey());
  const [, navigate] = useLocation();
  const send = (event: Event) => {
    event.preventDefault();
    setSending(true);
    post<{ created: boolean; task: Task }>(
      "/v1/tasks",
      { ...bodyOf(base, params, options), ...wanted.more },
      key.current,
    ).then(
      ({ created, task }) => {
        say(created ? "Started" : "There was one already: this is it");
        navigate(`/tasks/${task.id}`);
      },
      (error) => {
        const told = problemOf(error);
        // Something else may be asked under another key only.
        if (told.status >= 400 && told.status < 500) key.current = newKey();
        setProblem(told);
        setSending(false);
      },
    );
  };
  return (
    <form class="start-form" onSubmit={send}>
      {definition && <Allowed definition={definition} />}
      <Panel
        title="Params"
        actions={
          withFields && (
            <button type="button" aria-pressed={asJson} onClick={() => setAsJson(!asJson)}>
              As JSON
            </button>
          )
        }
      >
        <div class="stack">
          {asJson || !hasFields(schema) ? (
            <JsonParams value={params} onChange={setParams} />
          ) : (
            <Refusal.Provider value={wrongOf(problem)}>
              <SchemaFields schema={schema} value={params} onChange={setParams} at="/params" />
            </Refusal.Provider>
          )}
        </div>
      </Panel>
      {!isOfDefinition(base) && (
        <Panel title={`Spec of kind ${base.kind}`}>
          <JsonParams
            what="Spec"
            value={base.spec}
            onChange={(spec) => setBase({ kind: base.kind, spec })}
          />
        </Panel>
      )}
      <Panel title="Options">
        <OptionFields
          options={options}
          base={base}
          set={setOptions}
          wrong={wrongOf(problem)?.at ?? ""}
        />
      </Panel>
      <Refused problem={problem} />
      <button type="submit" class="primary" disabled={sending || !mayStart}>
        <Icon name="play" /> {sending ? "Starting…" : `Start ${name}`}
      </button>
    </form>
  );
}

function Choose({ definitions }: { definitions: Definition[] }) {
  if (!definitions.length) {
    return (
      <Empty title="The server has no definitions">
        <p>
          Write them into a directory and start it with <code>--definitions DIR</code>; or make a
          task of a kind: <code>waybill task create -- echo hello</code>
        </p>
      </Empty>
    );
  }
  return (
    <ul class="choose">
      {definitions.map((definition) => (
        <li key={definition.name}>
          <Link href={`/start?definition=${encodeURIComponent(definition.name)}`}>
            <strong>{definition.name}</strong>
            <span class="muted">
              {definition.kind}, queue {definition.queue}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

interface Wanted {
  base: Base | null;
  params: JsonObject;
  options: Options;
  /** What there are no fields for. */
  more: JsonObject;
}

/** Time limit and retries of a task, where they are not its definition's. */
function limitsLike(task: Task, definition: Definition | null): JsonObject {
  const of = ({ timeout, retry }: Task | Definition) => JSON.stringify([timeout, retry]);
  if (definition && of(definition) === of(task)) return {};
  return { timeout: task.timeout ?? "0s", retry: { ...task.retry } };
}

function extras(task: Task | null, definition: Definition | null) {
  if (!task) return { options: NONE, more: {} };
  return { options: optionsLike(task, definition), more: limitsLike(task, definition) };
}

/** What the address asks for: a definition, one like a task, or what a schedule makes. */
async function load(words: URLSearchParams, abort: AbortSignal): Promise<Wanted> {
  const like = words.get("like");
  const schedule = words.get("schedule");
  const task = like ? await get<Task>(path("tasks", like), {}, abort) : null;
  const from = schedule ? await get<Schedule>(path("schedules", schedule), {}, abort) : null;
  const made = task ?? from?.task ?? null;
  const params = made?.params ?? {};
  const name = words.get("definition") ?? made?.definition;
  if (!name) {
    const base = made && { kind: made.kind, spec: made.spec };
    return { base, params, ...extras(task, null) };
  }
  const definition = await get<Definition>(path("definitions", name), {}, abort);
  return { base: { definition }, params, ...extras(task, definition) };
}

/** The old one stays as it is: whoever looks for it finds both. */
function Like({ id, more }: { id: string; more: JsonObject }) {
  return (
    <>
      Filled in as task{" "}
      <Link href={`/tasks/${id}`} class="mono">
        {shortId(id)}
      </Link>{" "}
      was{Object.keys(more).length > 0 && ", with its own time limit and retries"}. A new task is
      made; that one stays as it is.
    </>
  );
}

export function StartPage() {
  const words = new URLSearchParams(useSearch());
  const key = `start ${words}`;
  const wanted = useResource(key, (abort) => load(words, abort));
  const definitions = useResource("definitions", (abort) =>
    get<{ definitions: Definition[] }>("/v1/definitions", {}, abort),
  );
  const base = wanted.data?.base;
  const like = words.get("like");
  const name = base && (isOfDefinition(base) ? base.definition.name : base.kind);
  return (
    <Page
      title={name ? `Start ${name}` : "Start a task"}
      lead={like && wanted.data && <Like id={like} more={wanted.data.more} />}
      actions={
        base && (
          <Link href="/start" class="button">
            Another definition
          </Link>
        )
      }
    >
      {wanted.problem && <Trouble problem={wanted.problem} retry={wanted.reload} />}
      {!wanted.data && !wanted.problem && <Loading />}
      {wanted.data && base && (
        <StartForm key={key} wanted={wanted.data} base={base} />
      )}
      {wanted.data && !base && (
        <Loaded of={definitions}>{(all) => <Choose definitions={all.definitions} />}</Loaded>
      )}
    </Page>
  );
}
