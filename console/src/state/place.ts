// Each entry of the browser's history remembers how its page stood, so that going back comes to the
// same rows, at the same place, with the same one selected.

interface Stamp {
  entry: string;
  /** How many entries of ours are before it. */
  depth: number;
}

interface Memory {
  scroll: number;
  /** The row of a table that had the focus. */
  row: string;
  isLeft: boolean;
  kept: Map<string, unknown>;
  /** How many rows are kept, by name. */
  rows: Map<string, () => number>;
}

/** Pages of so many entries are remembered, with all that was loaded into their lists. */
const ENTRIES_MAX = 30;
/** In all of them; the one that is seen may have more. */
const ROWS_MAX = 20_000;
/** What a page loads anew may move it for so long after one has come back. */
const SETTLES_MS = 2000;

const memories = new Map<string, Memory>();
const loaded = Date.now().toString(36); // an earlier load of the console left its stamps
let count = 0;
let address = "";
let now: Stamp = { entry: "", depth: 0 };
let wanted: number | null = null;

// Not by `history.replaceState`: the router tells all who listen of that.
const put = (state: unknown) => History.prototype.replaceState.call(history, state, "");

function stampOf(state: unknown): Stamp | null {
  if (typeof state !== "object" || state === null || !("waybill" in state)) return null;
  const stamp = state.waybill as Partial<Stamp> | null;
  const isOne = typeof stamp?.entry === "string" && typeof stamp.depth === "number";
  return isOne ? (stamp as Stamp) : null;
}

function stamp(depth: number): void {
  const here = location.pathname + location.search;
  // The same page again, as by a link into it.
  const entry = here === address ? now.entry : `${loaded}.${++count}`;
  now = { entry, depth };
  put({ ...(history.state as object | null), waybill: now });
}

function memoryOf(entry: string): Memory {
  const memory: Memory = memories.get(entry) ?? {
    scroll: 0,
    row: "",
    isLeft: false,
    kept: new Map(),
    rows: new Map(),
  };
  memories.delete(entry);
  memories.set(entry, memory); // the last to go
  for (const oldest of memories.keys()) {
    if (memories.size <= ENTRIES_MAX) break;
    memories.delete(oldest);
  }
  return memory;
}

/** The oldest entries go while there are more rows than are remembered. */
export function boundPlaces(): void {
  const all = [...memories].map(([entry, { rows }]) => ({
    entry,
    rows: [...rows.values()].reduce((sum, count) => sum + count(), 0),
  }));
  let sum = all.reduce((before, { rows }) => before + rows, 0);
  for (const { entry, rows } of all) {
    if (sum <= ROWS_MAX) return;
    if (!rows || entry === now.entry) continue;
    memories.delete(entry);
    sum -= rows;
  }
}

function leave(): void {
  const memory = memoryOf(now.entry);
  const row = document.activeElement?.closest<HTMLElement>("tr[data-row]");
  Object.assign(memory, { scroll: scrollY, row: row?.dataset["row"] ?? "", isLeft: true });
  wanted = null;
}

/** To where one was, again and again while what is above it may still grow. */
function comeBack(): void {
  const memory = memories.get(now.entry);
  if (!memory?.isLeft) return;
  wanted = memory.scroll;
  const end = performance.now() + SETTLES_MS;
  const settle = () => {
    settlePlace();
    if (wanted === null) return;
    if (performance.now() < end) requestAnimationFrame(settle);
    else wanted = null;
  };
  requestAnimationFrame(settle);
}

/** If one has come back: scrolls to where one was. */
export function settlePlace(): void {
  if (wanted !== null && Math.abs(scrollY - wanted) >= 1) scrollTo(0, wanted);
}

export function startPlaces(): void {
  history.scrollRestoration = "manual";
  const old = stampOf(history.state);
  if (old) {
    now = old;
    // Loaded anew, of all that was remembered only this is left.
    const { scroll } = history.state as { scroll?: unknown };
    if (typeof scroll === "number") Object.assign(memoryOf(now.entry), { scroll, isLeft: true });
    comeBack();
  } else {
    stamp(0);
  }
  address = location.pathname + location.search;
  addEventListener("pagehide", () => put({ ...(history.state as object), scroll: scrollY }));
  const went = (stampIt: () => void) => () => {
    leave();
    stampIt();
    address = location.pathname + location.search;
  };
  addEventListener("pushState", went(() => stamp(now.depth + 1)));
  addEventListener("replaceState", () => {
    put({ ...(history.state as object | null), waybill: now });
    address = location.pathname + location.search;
  });
  addEventListener(
    "popstate",
    went(() => {
      const known = stampOf(history.state);
      if (known) now = known;
      else stamp(now.depth + 1);
      comeBack();
    }),
  );
  // Whoever moves has arrived.
  for (const event of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    addEventListener(event, () => (wanted = null), { capture: true, passive: true });
  }
}

/** Whether there is a page of ours to go back to. */
export function hasBefore(): boolean {
  return now.depth > 0;
}

/** The row that had the focus when this page was left; null: one has not come back to it. */
export function rowBefore(): string | null {
  const memory = memories.get(now.entry);
  return memory?.isLeft ? memory.row : null;
}

/** What belongs to this name in this entry of the history; made where there is none. `rowsIn`: how
 *  many rows of lists are in it. */
export function useKept<T>(name: string, make: () => T, rowsIn?: (of: T) => number): T {
  const { kept, rows } = memoryOf(now.entry);
  if (!kept.has(name)) {
    const made = make();
    kept.set(name, made);
    if (rowsIn) rows.set(name, () => rowsIn(made));
  }
  return kept.get(name) as T;
}

/** Somebody else may come. */
export function forgetPlaces(): void {
  memories.clear();
}
