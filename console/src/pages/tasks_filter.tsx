// Which tasks are listed.

import { useMemo, useState } from "preact/hooks";
import { useLocation, useSearch } from "wouter-preact";
import { get, withQuery, type Query } from "../api/client";
import { type Definition, type Queue, type State, STATES } from "../api/types";
import { useResource } from "../state/resource";
import { views } from "../state/settings";
import { count, isTime } from "../ui/format";
import { Icon } from "../ui/icon";
import { readLabels, writeLabels } from "../ui/labels";

export interface Filter {
  states: State[];
  queue: string;
  definition: string;
  kind: string;
  createdBy: string;
  labels: string[];
  text: string;
  after: string;
  before: string;
  order: string;
  cursor: string;
}

export function filterOf(filter: Filter): Query {
  return {
    state: filter.states,
    queue: filter.queue,
    definition: filter.definition,
    kind: filter.kind,
    created_by: filter.createdBy,
    label: filter.labels,
    text: filter.text,
    created_after: filter.after,
    created_before: filter.before,
    order: filter.order,
  };
}

export function isFiltered(filter: Filter): boolean {
  return withQuery("", { ...filterOf(filter), order: "" }) !== "";
}

export function readFilter(search: string): Filter {
  const words = new URLSearchParams(search);
  const one = (name: string) => words.get(name) ?? "";
  return {
    states: STATES.filter((state) => words.getAll("state").includes(state)),
    queue: one("queue"),
    definition: one("definition"),
    kind: one("kind"),
    createdBy: one("created_by"),
    labels: words.getAll("label"),
    text: one("text"),
    after: one("created_after"),
    before: one("created_before"),
    order: one("order"),
    cursor: one("cursor"),
  };
}

/** The filter that the address has, and how to go to another. */
export function useFilter(): [Filter, (filter: Filter) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const filter = useMemo(() => readFilter(search), [search]);
  return [
    filter,
    (next) => navigate(withQuery("/tasks", { ...filterOf(next), cursor: next.cursor })),
  ];
}

function sumOf(queues: Queue[] | undefined, name: string): Record<State, number> | null {
  if (!queues) return null;
  const sum = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
  for (const queue of queues) {
    if (name && queue.name !== name) continue;
    for (const state of STATES) sum[state] += queue.tasks[state];
  }
  return sum;
}

function States(props: { filter: Filter; set: (part: Partial<Filter>) => void; queues?: Queue[] }) {
  const { filter, set } = props;
  const sums = sumOf(props.queues, filter.queue);
  const toggle = (state: State) =>
    set({
      states: filter.states.includes(state)
        ? filter.states.filter((other) => other !== state)
        : [...filter.states, state],
    });
  return (
    <div class="chips" role="group" aria-label="States">
      <button
        type="button"
        aria-pressed={!filter.states.length}
        onClick={() => set({ states: [] })}
      >
        all
      </button>
      {STATES.map((state) => (
        <button
          type="button"
          key={state}
          class={`chip-${state}`}
          aria-pressed={filter.states.includes(state)}
          onClick={() => toggle(state)}
        >
          {state} {sums && <span class="chip-count">{count(sums[state])}</span>}
        </button>
      ))}
    </div>
  );
}

function Views({ filter }: { filter: Filter }) {
  const [, navigate] = useLocation();
  const [naming, setNaming] = useState<string | null>(null);
  const search = withQuery("", filterOf(filter));
  const save = (event: Event) => {
    event.preventDefault();
    if (naming)
      views.value = [
        ...views.value.filter(({ name }) => name !== naming),
        { name: naming, search },
      ];
    setNaming(null);
  };
  return (
    <div class="row views">
      {views.value.map((view) => (
        <span class="view" key={view.name}>
          <button type="button" class="link" onClick={() => navigate("/tasks" + view.search)}>
            {view.name}
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label={`Forget the view ${view.name}`}
            onClick={() => (views.value = views.value.filter((other) => other !== view))}
          >
            <Icon name="close" />
          </button>
        </span>
      ))}
      {naming === null && search !== "" && (
        <button type="button" class="link" onClick={() => setNaming("")}>
          <Icon name="star" /> Save this view
        </button>
      )}
      {naming !== null && (
        <form class="row" onSubmit={save}>
          <input
            aria-label="Name of the view"
            placeholder="Name of the view"
            maxLength={40}
            required
            value={naming}
            onInput={(event) => setNaming(event.currentTarget.value)}
            ref={(input) => input?.focus()}
          />
          <button type="submit">Save</button>
        </form>
      )}
    </div>
  );
}

/** Text as it is typed, taken when it is sent or left. */
function Words(props: {
  label: string;
  value: string;
  set: (value: string) => void;
  hint?: string;
}) {
  return (
    <label class="field">
      <span>{props.label}</span>
      <input
        type="search"
        key={props.value}
        defaultValue={props.value}
        placeholder={props.hint ?? ""}
        maxLength={1000}
        onChange={(event) => props.set(event.currentTarget.value.trim())}
      />
    </label>
  );
}

function Choice(props: {
  label: string;
  value: string;
  all: string;
  names: string[];
  show?: (name: string) => string;
  set: (value: string) => void;
}) {
  const names =
    props.value && !props.names.includes(props.value) ? [props.value, ...props.names] : props.names;
  return (
    <label class="field">
      <span>{props.label}</span>
      <select value={props.value} onChange={(event) => props.set(event.currentTarget.value)}>
        <option value="">{props.all}</option>
        {names.map((name) => (
          <option value={name} key={name}>
            {props.show?.(name) ?? name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What datetime-local has, in the reader's zone. */
function toLocalInput(time: string): string {
  if (!isTime(time)) return "";
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Moment(props: { label: string; value: string; set: (value: string) => void }) {
  return (
    <label class="field">
      <span>{props.label}</span>
      <input
        type="datetime-local"
        value={toLocalInput(props.value)}
        onChange={(event) => {
          const value = event.currentTarget.value;
          props.set(value ? new Date(value).toISOString() : "");
        }}
      />
    </label>
  );
}

export function Filters({
  filter,
  onChange,
}: {
  filter: Filter;
  onChange: (filter: Filter) => void;
}) {
  const queues = useResource(
    "queues",
    (abort) => get<{ queues: Queue[] }>("/v1/queues", {}, abort),
    { on: () => true, everyMs: 15_000 },
  );
  const definitions = useResource("definitions", (abort) =>
    get<{ definitions: Definition[] }>("/v1/definitions", {}, abort),
  );
  const set = (part: Partial<Filter>) => onChange({ ...filter, cursor: "", ...part });
  const more = [filter.kind, filter.createdBy, filter.after, filter.before, ...filter.labels].some(
    Boolean,
  );
  return (
    <form
      class="filters"
      role="search"
      aria-label="Tasks"
      onSubmit={(event) => event.preventDefault()}
    >
      <States filter={filter} set={set} {...(queues.data ? { queues: queues.data.queues } : {})} />
      <div class="fields">
        <Words
          label="Text"
          hint="id, params, labels, error"
          value={filter.text}
          set={(text) => set({ text })}
        />
        <Choice
          label="Queue"
          all="every queue"
          value={filter.queue}
          names={queues.data?.queues.map(({ name }) => name) ?? []}
          set={(queue) => set({ queue })}
        />
        <Choice
          label="Definition"
          all="every definition"
          value={filter.definition}
          names={definitions.data?.definitions.map(({ name }) => name) ?? []}
          set={(definition) => set({ definition })}
        />
        <Choice
          label="Order"
          all="newest first"
          value={filter.order}
          names={["oldest_first"]}
          show={() => "oldest first"}
          set={(order) => set({ order })}
        />
      </div>
      <details open={more}>
        <summary>More filters</summary>
        <div class="fields">
          <Words label="Kind" value={filter.kind} set={(kind) => set({ kind })} />
          <Words
            label="Created by"
            hint="token:ci"
            value={filter.createdBy}
            set={(createdBy) => set({ createdBy })}
          />
          <Words
            label="Label"
            hint={'team=data note="two words"'}
            value={writeLabels(filter.labels)}
            set={(text) => set({ labels: readLabels(text) })}
          />
          <Moment label="Created after" value={filter.after} set={(after) => set({ after })} />
          <Moment label="Created before" value={filter.before} set={(before) => set({ before })} />
        </div>
      </details>
      <Views filter={filter} />
    </form>
  );
}
