// The instances of a step, a matrix by its axes: where it fails is seen at once.

import { Link } from "wouter-preact";
import type { Step } from "../api/runs";
import type { Json, JsonObject } from "../api/types";
import { Foreign } from "../ui/bits";
import { visible } from "../ui/format";
import type { ShownNode } from "./run_claims";
import { RunBadge } from "./runs";
import { stepAddress } from "./run_steps";

export interface Instance {
  index: number;
  node: ShownNode;
}

/** Those of one step, not of what is inside them. */
export function instancesOf(path: string, nodes: ShownNode[]): Instance[] {
  const found = nodes.flatMap((node) => {
    if (!node.path.startsWith(`${path}[`) || !node.path.endsWith("]")) return [];
    const inside = node.path.slice(path.length + 1, -1);
    return /^\d+$/.test(inside) ? [{ index: Number(inside), node }] : [];
  });
  return found.sort((a, b) => a.index - b.index);
}

export interface Axes {
  names: string[];
  /** What each instance stands for, by its index: a value of each axis. */
  cells: string[][];
}

const textOf = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));
const CELLS_MAX = 10_000;

function parsed(text: string | null): Json | undefined {
  try {
    return text === null ? undefined : (JSON.parse(text) as Json);
  } catch {
    return undefined; // an expression: what it gave is not told
  }
}

/** The product of the lists, the first turning slowest, without what `exclude` fits. */
function product(lists: [string, Json[]][], exclude: JsonObject[]): Json[][] {
  let cells: Json[][] = [[]];
  for (const [, values] of lists) {
    if (cells.length * values.length > CELLS_MAX) return [];
    cells = cells.flatMap((cell) => values.map((value) => [...cell, value]));
  }
  const names = lists.map(([name]) => name);
  const fits = (cell: Json[], entry: JsonObject) =>
    Object.entries(entry).every(
      ([name, value]) => JSON.stringify(cell[names.indexOf(name)]) === JSON.stringify(value),
    );
  return cells.filter((cell) => !exclude.some((entry) => fits(cell, entry)));
}

/** Null: what the instances stand for is not known before it runs, or follows other rules. */
export function axesOf(step: Step): Axes | null {
  const items = parsed(step.for_each);
  if (Array.isArray(items)) return { names: ["item"], cells: items.map((item) => [textOf(item)]) };
  const matrix = parsed(step.matrix);
  if (typeof matrix !== "object" || matrix === null || Array.isArray(matrix)) return null;
  const { exclude = [], include, ...axes } = matrix;
  const lists = Object.entries(axes).filter((axis): axis is [string, Json[]] =>
    Array.isArray(axis[1]),
  );
  if (include || lists.length !== Object.keys(axes).length || !Array.isArray(exclude)) return null;
  const cells = product(lists, exclude as JsonObject[]);
  return { names: lists.map(([name]) => name), cells: cells.map((cell) => cell.map(textOf)) };
}

interface Given {
  run: string;
  chosen: string;
  instances: Instance[];
}

function Cell(props: {
  run: string;
  chosen: string;
  one: Instance | undefined;
  name: string;
}) {
  const { one, name } = props;
  if (!one) return <span class="muted">–</span>;
  return (
    <Link
      href={stepAddress(props.run, one.node.path)}
      class="grid-cell"
      title={one.node.path}
      aria-current={one.node.path === props.chosen ? "true" : undefined}
    >
      <RunBadge state={one.node.state} />
      <span class="unseen"> {visible(name)}</span>
    </Link>
  );
}

function Flat({ run, chosen, instances, axes }: Given & { axes: Axes | null }) {
  return (
    <ul class="instances">
      {instances.map((one) => {
        const name = axes?.cells[one.index]?.join(", ") ?? `${one.index}`;
        return (
          <li key={one.index}>
            <Foreign text={name} max={40} />{" "}
            <Cell run={run} chosen={chosen} one={one} name={name} />
          </li>
        );
      })}
    </ul>
  );
}

const distinct = (values: string[]) => [...new Set(values)];

/** The last axis goes across, the others down. */
function Crossed({ run, chosen, instances, axes }: Given & { axes: Axes }) {
  const of = (cell: string[]) => JSON.stringify(cell);
  const indexOf = new Map(axes.cells.map((cell, index) => [of(cell), index]));
  const byIndex = new Map(instances.map((one) => [one.index, one]));
  const across = distinct(axes.cells.map((cell) => cell[cell.length - 1]!));
  const down = distinct(axes.cells.map((cell) => of(cell.slice(0, -1))));
  return (
    <div class="grid-frame" tabIndex={0} role="region" aria-label="Grid of the instances">
      <table class="grid">
        <caption class="unseen">
          {visible(axes.names.slice(0, -1).join(", "))} by {visible(axes.names.at(-1)!)}
        </caption>
        <thead>
          <tr>
            {axes.names.slice(0, -1).map((name) => (
              <th scope="col" key={name}>
                <Foreign text={name} max={40} />
              </th>
            ))}
            {across.map((value) => (
              <th scope="col" key={value}>
                <span class="axis">
                  <Foreign text={axes.names.at(-1)!} max={40} />
                </span>{" "}
                <Foreign text={value} max={40} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {down.map((row) => {
            const values = JSON.parse(row) as string[];
            return (
              <tr key={row}>
                {values.map((value, at) => (
                  <th scope="row" key={at}>
                    <Foreign text={value} max={40} />
                  </th>
                ))}
                {across.map((value) => {
                  const cell = [...values, value];
                  const index = indexOf.get(of(cell));
                  const one = index === undefined ? undefined : byIndex.get(index);
                  return (
                    <td key={value}>
                      <Cell run={run} chosen={chosen} one={one} name={cell.join(", ")} />
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export function Grid({ step, ...given }: Given & { step: Step }) {
  const axes = axesOf(step);
  if (!axes || axes.names.length < 2) return <Flat {...given} axes={axes} />;
  return <Crossed {...given} axes={axes} />;
}
