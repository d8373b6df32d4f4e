// What `waybill scan --json` says of a pass, read with care: it comes from a file.

export type Standing = "scheduled" | "held" | "incomplete" | "late" | "marked" | "wrong";

/** From what needs somebody most: a window has the colour of its worst. */
export const STANDINGS: readonly Standing[] = [
  "wrong",
  "late",
  "incomplete",
  "held",
  "scheduled",
  "marked",
];

const STANDING_OF: Record<string, Standing> = {
  planned: "scheduled",
  inserted: "scheduled",
  duplicate: "scheduled",
  failed: "wrong",
  incomplete: "incomplete",
  no_peer_validation: "incomplete",
  quiet_time: "held",
  late_peer_validation: "late",
  already_marked: "marked",
  outside_window: "marked",
};

export interface Item {
  what: string;
  standing: Standing;
  /** The report's own word: `planned`, `incomplete`, … */
  word: string;
  detail: string;
  source: string;
  at: number | null; // ms since 1970; null: its name has no time
  task: string | null; // id, if it is in the ledger
}

export interface Report {
  scan: string;
  now: string;
  isDryRun: boolean;
  isComplete: boolean;
  objects: number;
  items: Item[];
  /** Skipped but not named: of each reason the first are. */
  unnamed: number;
  warnings: string[];
}

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}
const listOf = (value: unknown) => (Array.isArray(value) ? (value as unknown[]) : []);
const text = (value: unknown) => (typeof value === "string" ? value : "");
const number = (value: unknown) => (typeof value === "number" ? value : 0);

const DATE = /(?:^|[\s/])(\d{4})\/(\d\d)\/(\d\d)(?:\/(\d\d))?(?:\/(\d\d))?(?=[\s/]|$)/;

/** What plans put before the name of a batch. */
const KINDS = /^(batch|intake|aggregate)(?: |$)/;

/** The time that stands in a key or in words as 2020/10/31/06/00, and what comes before it. */
export function placeOf(what: string): { source: string; at: number | null } {
  const name = what.replace(KINDS, "");
  const found = DATE.exec(name);
  if (!found) return { source: name.includes("/") ? name.split("/")[0]! : "", at: null };
  const source = name.slice(0, found.index);
  const [year, month, day, hour = 0, minute = 0] = found.slice(1).map((part) => Number(part ?? 0));
  const at = Date.UTC(year!, month! - 1, day, hour, minute);
  return { source, at: Number.isFinite(at) ? at : null };
}

function itemOf(what: string, word: string, detail: string, task: string | null): Item {
  return { what, word, detail, task, standing: STANDING_OF[word] ?? "wrong", ...placeOf(what) };
}

function taskItem(value: unknown): Item {
  const { what, outcome, error, id } = fieldsOf(value);
  const isThere = outcome === "inserted" || outcome === "duplicate";
  return itemOf(text(what), text(outcome), text(error), isThere ? text(id) : null);
}

function skippedItem(value: unknown): Item {
  const { what, reason, detail } = fieldsOf(value);
  return itemOf(text(what), text(reason), text(detail), null);
}

/** As files and the server have it. */
export function reportOf(value: unknown): Report {
  const report = fieldsOf(value);
  if (!text(report.scan) || !Array.isArray(report.tasks) || !Array.isArray(report.skipped)) {
    throw new Error("it has no scan with tasks and skipped");
  }
  const counts = Object.entries(fieldsOf(report.counts));
  const skipped = counts
    .filter(([name]) => name.startsWith("skipped{"))
    .reduce((sum, [, count]) => sum + number(count), 0);
  return {
    scan: text(report.scan),
    now: text(report.now),
    isDryRun: report.dry_run === true,
    isComplete: report.complete === true,
    objects: number(report.objects_listed),
    items: [...report.tasks.map(taskItem), ...report.skipped.map(skippedItem)],
    unnamed: Math.max(0, skipped - report.skipped.length),
    warnings: listOf(report.warnings).map(text).filter(Boolean),
  };
}

/** One document, or the lines of a scan that goes on: of each scan its last report counts. */
export function readReports(content: string): Report[] {
  const found = new Map<string, Report>();
  const take = (value: unknown) => {
    const report = reportOf(value);
    found.set(report.scan, report);
  };
  let whole: Fields | null = null;
  try {
    whole = fieldsOf(JSON.parse(content));
  } catch {
    whole = null; // lines, or nothing of ours
  }
  if (whole && "scans" in whole) {
    listOf(whole.scans).forEach(take);
  } else {
    for (const line of content.split("\n").filter((one) => one.trim())) {
      const { event, report } = fieldsOf(JSON.parse(line));
      if (event === "scanned") take(report);
    }
  }
  if (!found.size) throw new Error("no pass of a scan is in it");
  return [...found.values()];
}

export interface Window {
  begin: number;
  /** By source; one without an entry has nothing in this window. */
  cells: Map<string, Item[]>;
}

const MINUTE_MS = 60_000;
/** In minutes, each a part of a day or a whole one. */
export const WINDOWS = [5, 15, 60, 180, 360, 1440];
const ROWS = 60;

/** The finest that shows all at a glance. */
export function fittingWindow(items: readonly Item[]): number {
  const times = items.flatMap(({ at }) => (at === null ? [] : [at]));
  // Not Math.min(...times): there may be a hundred thousand.
  const least = times.reduce((a, b) => Math.min(a, b), Infinity);
  const most = times.reduce((a, b) => Math.max(a, b), -Infinity);
  const minutes = (most - least) / MINUTE_MS;
  return WINDOWS.find((each) => minutes / each < ROWS) ?? WINDOWS.at(-1)!;
}

/** Newest first; windows in which nothing is are left out. */
export function windowsOf(items: readonly Item[], minutes: number): Window[] {
  const found = new Map<number, Window>();
  for (const item of items) {
    if (item.at === null) continue;
    const begin = Math.floor(item.at / (minutes * MINUTE_MS)) * minutes * MINUTE_MS;
    const window = found.get(begin) ?? { begin, cells: new Map<string, Item[]>() };
    found.set(begin, window);
    const cell = window.cells.get(item.source) ?? [];
    window.cells.set(item.source, cell);
    cell.push(item);
  }
  return [...found.values()].sort((a, b) => b.begin - a.begin);
}

export function worstOf(items: readonly Item[]): Standing {
  return STANDINGS.find((one) => items.some(({ standing }) => standing === one)) ?? "marked";
}
