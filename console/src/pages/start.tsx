// A form for each definition: what it takes, and at once whether one may.

import { useRef, useState } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";
import { get, newKey, path, post, type Problem } from "../api/client";
import type { Definition, JsonObject, Schedule, Task } from "../api/types";
import { problemOf, useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Foreign, Loaded, Loading, Page, Panel, Trouble } from "../ui/bits";
import { Icon } from "../ui/icon";
import { hasFields, SchemaFields } from "../ui/schema_form";
import { say } from "../ui/toast";

interface Options {
  delay: string;
  priority: string;
  queue: string;
  labels: string;
  dedup: string;
}
const NONE: Options = { delay: "", priority: "", queue: "", labels: "", dedup: "" };

function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(/\s+/).filter((word) => word.includes("="));
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}

function bodyOf(definition: string, params: JsonObject, options: Options): JsonObject {
  const labels = labelsOf(options.labels);
  return {
    definition,
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
  definition: Definition;
  set: (options: Options) => void;
}) {
  const one = (name: keyof Options, title: string, hint: string, type = "text") => (
    <label class="field">
      <span>{title}</span>
      <input
        type={type}
        placeholder={hint}
        value={props.options[name]}
        onInput={(event) => props.set({ ...props.options, [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <details open={props.options !== NONE && Object.values(props.options).some(Boolean)}>
      <summary>Time, queue, labels</summary>
      <div class="fields">
        {one("delay", "Not before, from now", "10m, 1h30m, 7d")}
        {one("priority", "Priority", String(props.definition.priority), "number")}
        {one("queue", "Queue", props.definition.queue)}
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

export function JsonParams(props: { value: JsonObject; onChange: (value: JsonObject) => void }) {
  const [typed, setTyped] = useState(JSON.stringify(props.value, null, 2));
  const take = (input: HTMLTextAreaElement) => {
    setTyped(input.value);
    try {
      const value: unknown = JSON.parse(input.value || "{}");
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw new Error("params are an object: { … }");
      }
      props.onChange(value as JsonObject);
      input.setCustomValidity("");
    } catch (error) {
      input.setCustomValidity(`This is no JSON object: ${(error as Error).message}`);
    }
  };
  return (
    <label class="field">
      <span>Params as JSON</span>
      <textarea
        rows={10}
        spellcheck={false}
        value={typed}
        onInput={(event) => take(event.currentTarget)}
      />
    </label>
  );
}

function StartForm({ definition, params: first }: { definition: Definition; params: JsonObject }) {
  const [params, setParams] = useState(first);
  const [options, setOptions] = useState(NONE);
  const withFields = hasFields(definition.params_schema);
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
      bodyOf(definition.name, params, options),
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
      <Allowed definition={definition} />
      {problem && <Trouble problem={problem} />}
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
          {asJson || !hasFields(definition.params_schema) ? (
            <JsonParams value={params} onChange={setParams} />
          ) : (
            <SchemaFields schema={definition.params_schema} value={params} onChange={setParams} />
          )}
        </div>
      </Panel>
      <Panel title="Options">
        <OptionFields options={options} definition={definition} set={setOptions} />
      </Panel>
      <button
        type="submit"
        class="primary"
        disabled={sending || !may("submit") || definition.may?.start === false}
      >
        <Icon name="play" /> {sending ? "Starting…" : `Start ${definition.name}`}
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
  definition: Definition | null;
  params: JsonObject;
}

/** What the address asks for: a definition, one like a task, or what a schedule makes. */
async function load(words: URLSearchParams, abort: AbortSignal): Promise<Wanted> {
  let name = words.get("definition");
  let params: JsonObject = {};
  const like = words.get("like");
  const schedule = words.get("schedule");
  if (like) {
    const task = await get<Task>(path("tasks", like), {}, abort);
    name = task.definition;
    params = task.params;
  } else if (schedule) {
    const all = await get<{ schedules: Schedule[] }>("/v1/schedules", {}, abort);
    const found = all.schedules.find((each) => each.name === schedule);
    name = found?.task.definition ?? null;
    params = found?.task.params ?? {};
  }
  if (!name) return { definition: null, params };
  return { definition: await get<Definition>(path("definitions", name), {}, abort), params };
}

export function StartPage() {
  const words = new URLSearchParams(useSearch());
  const key = `start ${words}`;
  const wanted = useResource(key, (abort) => load(words, abort));
  const definitions = useResource("definitions", (abort) =>
    get<{ definitions: Definition[] }>("/v1/definitions", {}, abort),
  );
  const definition = wanted.data?.definition;
  return (
    <Page
      title={definition ? `Start ${definition.name}` : "Start a task"}
      actions={
        definition && (
          <Link href="/start" class="button">
            Another definition
          </Link>
        )
      }
    >
      {wanted.problem && <Trouble problem={wanted.problem} retry={wanted.reload} />}
      {!wanted.data && !wanted.problem && <Loading />}
      {wanted.data && definition && (
        <StartForm key={key} definition={definition} params={wanted.data.params} />
      )}
      {wanted.data && !definition && (
        <Loaded of={definitions}>{(all) => <Choose definitions={all.definitions} />}</Loaded>
      )}
    </Page>
  );
}
