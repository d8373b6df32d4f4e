// A pass of a scan by source and window: where something is missing or late is seen at once.

import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";
import { Foreign, Panel } from "../ui/bits";
import { count, counted, visible } from "../ui/format";
import { Icon, type IconName } from "../ui/icon";
import { Table } from "../ui/table";
import { type Item, type Standing, STANDINGS, type Window, worstOf } from "./scan_report";

export const WORDS: Record<Standing, string> = {
  wrong: "wrong",
  late: "late",
  incomplete: "incomplete",
  held: "held back",
  scheduled: "scheduled",
  marked: "skipped",
};
const MEANS: Record<Standing, string> = {
  wrong: "a name, or a task, that nothing can be made of",
  late: "validated after its window was aggregated",
  incomplete: "parts of it, or the peer's validation, are missing",
  held: "changed too recently",
  scheduled: "a task is made of it",
  marked: "scheduled before, or outside of what is looked at",
};
/** Where a badge has the colours of a state of tasks. */
const LIKE: Record<Standing, string> = {
  wrong: "failed",
  late: "leased",
  incomplete: "scheduled",
  held: "ready",
  scheduled: "succeeded",
  marked: "cancelled",
};
const ICONS: Record<Standing, IconName> = {
  wrong: "cross",
  late: "clock",
  incomplete: "ready",
  held: "pause",
  scheduled: "check",
  marked: "stop",
};

function Badge({ standing, children }: { standing: Standing; children: ComponentChildren }) {
  return (
    <span class={`state state-${LIKE[standing]}`}>
      <Icon name={ICONS[standing]} />
      {children}
    </span>
  );
}

/** "2020-10-31 06:00": windows are the buckets' own, in UTC. */
export function windowName(begin: number): string {
  return new Date(begin).toISOString().slice(0, 16).replace("T", " ");
}

export function numbersOf(items: readonly Item[]): [Standing, number][] {
  return STANDINGS.flatMap((standing): [Standing, number][] => {
    const number = items.filter((item) => item.standing === standing).length;
    return number ? [[standing, number]] : [];
  });
}

export function Legend({ items }: { items: readonly Item[] }) {
  return (
    <ul class="legend">
      {numbersOf(items).map(([standing, number]) => (
        <li key={standing}>
          <Badge standing={standing}>
            {count(number)} {WORDS[standing]}
          </Badge>{" "}
          <span class="muted">{MEANS[standing]}</span>
        </li>
      ))}
    </ul>
  );
}

function Cell(props: {
  items: Item[] | undefined;
  title: string;
  isChosen: boolean;
  go: () => void;
}) {
  const { items } = props;
  if (!items) return <td class="heat-none">–</td>;
  const numbers = numbersOf(items);
  const told = numbers.map(([standing, number]) => `${number} ${WORDS[standing]}`).join(", ");
  return (
    <td>
      <button
        type="button"
        class={`heat heat-${worstOf(items)}`}
        aria-pressed={props.isChosen}
        title={told}
        onClick={props.go}
      >
        <span class="unseen">{visible(props.title)}: </span>
        {numbers.map(([standing, number]) => (
          <span key={standing}>
            <Icon name={ICONS[standing]} />
            {count(number)} <span class="unseen">{WORDS[standing]}</span>
          </span>
        ))}
      </button>
    </td>
  );
}

export interface Chosen {
  begin: number | null; // null: what has no time in its name
  source: string;
}

export function HeatMap(props: {
  windows: Window[];
  sources: string[];
  chosen: Chosen | null;
  choose: (chosen: Chosen) => void;
}) {
  const { windows, sources, chosen } = props;
  return (
    <div class="grid-frame" tabIndex={0} role="region" aria-label="Heat map">
      <table class="grid heat-map">
        <caption class="unseen">By window and source</caption>
        <thead>
          <tr>
            <th scope="col">Window, UTC</th>
            {sources.map((source) => (
              <th scope="col" key={source}>
                {source ? <Foreign text={source} max={40} /> : "no source"}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {windows.map(({ begin, cells }) => (
            <tr key={begin}>
              <th scope="row">{windowName(begin)}</th>
              {sources.map((source) => (
                <Cell
                  key={source}
                  items={cells.get(source)}
                  title={`${source} ${windowName(begin)}`}
                  isChosen={chosen?.begin === begin && chosen.source === source}
                  go={() => props.choose({ begin, source })}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** More than these are in the report itself. */
const OBJECTS = 500;

export function Objects({ title, items }: { title: string; items: Item[] }) {
  return (
    <Panel title={`${visible(title)}: ${counted(items.length, "object")}`} flush>
      <Table
        caption={`Objects of ${visible(title)}`}
        rows={items.slice(0, OBJECTS)}
        id={(item) => `${item.word} ${item.what} ${item.detail}`}
        columns={[
          {
            title: "Object",
            narrow: "title",
            cell: ({ what }) => <Foreign text={what} max={160} />,
          },
          {
            title: "Stands",
            cell: ({ standing }) => <Badge standing={standing}>{WORDS[standing]}</Badge>,
          },
          { title: "Says", cell: ({ word }) => visible(word.replaceAll("_", " ")) },
          { title: "Detail", cell: ({ detail }) => detail && <Foreign text={detail} /> },
          {
            title: "Task",
            cell: ({ task }) =>
              task && <Link href={`/tasks/${encodeURIComponent(task)}`}>its task</Link>,
          },
        ]}
      />
      {items.length > OBJECTS && (
        <p class="hint pad">The first {OBJECTS} are shown; choose a finer window for the rest.</p>
      )}
    </Panel>
  );
}
