// The steps of a run in layers: each stands to the right of those that it needs.

import { Link } from "wouter-preact";
import type { Step } from "../api/runs";
import type { ShownNode } from "./run_claims";
import { likeState } from "./runs";

const WIDTH = 168;
const HEIGHT = 40;
const STEP_X = 216;
const STEP_Y = 56;

interface Placed {
  step: Step;
  x: number;
  y: number;
}

/** Steps come in an order in which they could run: what one needs is placed before it. */
export function layers(steps: Step[]): Placed[] {
  const layerOf = new Map<string, number>();
  const filled: number[] = [];
  return steps.map((step) => {
    const layer = Math.max(0, ...step.needs.map((name) => (layerOf.get(name) ?? -1) + 1));
    layerOf.set(step.path, layer);
    const row = filled[layer] ?? 0;
    filled[layer] = row + 1;
    return { step, x: layer * STEP_X + 2, y: row * STEP_Y + 2 };
  });
}

function Box(props: {
  placed: Placed;
  node: ShownNode | undefined;
  address: string | undefined;
  isChosen: boolean;
}) {
  const { node, address, isChosen } = props;
  const { step, x, y } = props.placed;
  const state = node?.state ?? "pending";
  const name = step.path.length > 20 ? step.path.slice(0, 19) + "…" : step.path;
  const box = (
    <g class={`place ${node ? `here here-${likeState(state)}` : ""} ${isChosen ? "chosen" : ""}`}>
      <title>{`${step.path}: ${state}`}</title>
      <rect x={x} y={y} width={WIDTH} height={HEIGHT} rx={8} />
      <text x={x + WIDTH / 2} y={y + HEIGHT / 2 + (address ? -1 : 5)}>
        {name}
      </text>{" "}
      {address && (
        <text class="of-state" x={x + WIDTH / 2} y={y + HEIGHT / 2 + 14}>
          {state}
        </text>
      )}
    </g>
  );
  if (!address) return box;
  return (
    <Link
      href={address}
      aria-label={`${step.path}: ${state}`}
      aria-current={isChosen ? "step" : undefined}
    >
      {box}
    </Link>
  );
}

export function RunGraph(props: {
  steps: Step[];
  nodes: ShownNode[];
  /** Of a step's log and instances; none: the graph is only looked at. */
  addressOf?: (step: string) => string;
  chosen?: string | null;
}) {
  const { steps, nodes } = props;
  const placed = layers(steps.filter(({ path }) => !path.includes("/")));
  const byPath = new Map(placed.map((each) => [each.step.path, each]));
  const nodeOf = new Map(nodes.map((node) => [node.path, node]));
  const width = Math.max(...placed.map(({ x }) => x)) + WIDTH + 2;
  const height = Math.max(...placed.map(({ y }) => y)) + HEIGHT + 2;
  return (
    <div class="graph-frame" tabIndex={0} role="region" aria-label="Graph of the steps">
      <svg class="life graph" viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
        {placed.flatMap(({ step, x, y }) =>
          step.needs.flatMap((name) => {
            const from = byPath.get(name);
            if (!from) return [];
            const [x1, y1] = [from.x + WIDTH, from.y + HEIGHT / 2];
            const [x2, y2] = [x, y + HEIGHT / 2];
            const middle = (x1 + x2) / 2;
            return [
              <path
                key={`${name} ${step.path}`}
                class={nodeOf.has(step.path) ? "way gone" : "way"}
                d={`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`}
              />,
            ];
          }),
        )}
        {placed.map((each) => (
          <Box
            key={each.step.path}
            placed={each}
            node={nodeOf.get(each.step.path)}
            address={props.addressOf?.(each.step.path)}
            isChosen={each.step.path === props.chosen}
          />
        ))}
      </svg>
    </div>
  );
}
