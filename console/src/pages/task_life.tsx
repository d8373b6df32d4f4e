// The states that a task can be in, as a picture: where it is, and where it has been.

import type { HistoryEntry, State } from "../api/types";

const PLACES: Record<State, [number, number]> = {
  blocked: [0, 0],
  scheduled: [0, 1],
  ready: [1, 0.5],
  leased: [2, 0.5],
  succeeded: [3, 0],
  failed: [3, 1],
  cancelled: [3, 2],
};
const WAYS: [State, State][] = [
  ["blocked", "ready"],
  ["scheduled", "ready"],
  ["ready", "leased"],
  ["leased", "succeeded"],
  ["leased", "failed"],
  ["leased", "cancelled"],
];
const WIDTH = 112;
const HEIGHT = 32;
const STEP_X = 152;
const STEP_Y = 50;

function corner(state: State): [number, number] {
  const [x, y] = PLACES[state];
  return [x * STEP_X + 2, y * STEP_Y + 2];
}

/** What waits may be cancelled too: around the boxes that it never came to. */
function WayOut({ from, been }: { from: "blocked" | "scheduled" | "ready"; been: Set<State> }) {
  const [x, y] = corner(from);
  const [endX, endY] = corner("cancelled");
  const begin =
    from === "blocked"
      ? `M${x + WIDTH} ${y + HEIGHT / 2}H${(WIDTH + STEP_X) / 2 + 2}`
      : `M${x + WIDTH / 2} ${y + HEIGHT}`;
  const gone = been.has("cancelled") && been.has(from) && !been.has("leased");
  return <path class={gone ? "way gone" : "way"} d={`${begin}V${endY + HEIGHT / 2}H${endX}`} />;
}

export function LifePicture({ state, history }: { state: State; history: HistoryEntry[] }) {
  const been = new Set(history.map((entry) => entry.state));
  been.add(state);
  const words = [...been].filter((each) => each !== state);
  const text = `It is ${state}` + (words.length ? `; it has been ${words.join(", ")}` : "");
  return (
    <svg
      class="life"
      viewBox={`0 0 ${3 * STEP_X + WIDTH + 4} ${2 * STEP_Y + HEIGHT + 4}`}
      role="img"
      aria-label={text}
    >
      {WAYS.map(([from, to]) => {
        const [x1, y1] = corner(from);
        const [x2, y2] = corner(to);
        const gone = been.has(from) && been.has(to);
        const middle = (x1 + WIDTH + x2) / 2;
        return (
          <path
            key={from + to}
            class={gone ? "way gone" : "way"}
            d={`M${x1 + WIDTH} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`}
            transform={`translate(0 ${HEIGHT / 2})`}
          />
        );
      })}
      <WayOut from="blocked" been={been} />
      <WayOut from="scheduled" been={been} />
      <WayOut from="ready" been={been} />
      {(Object.keys(PLACES) as State[]).map((each) => {
        const [x, y] = corner(each);
        const kind = each === state ? `here here-${each}` : been.has(each) ? "been" : "";
        return (
          <g key={each} class={`place ${kind}`}>
            <rect x={x} y={y} width={WIDTH} height={HEIGHT} rx={HEIGHT / 2} />
            <text x={x + WIDTH / 2} y={y + HEIGHT / 2 + 5}>
              {each}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
