// Numbers, times and names as people read them.

/** A name that stands in the address; what is no encoding of anything stays as it is. */
export function fromAddress(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function shortId(id: string): string {
  return id.slice(0, 8) + "…" + id.slice(-4);
}

const UNITS: [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
];

/** "250 ms", "4.2 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < 0) ms = 0;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const at = UNITS.findIndex(([size]) => seconds >= size);
  const [size, unit] = UNITS[at]!;
  const whole = Math.floor(seconds / size);
  const [nextSize, nextUnit] = UNITS[at + 1] ?? [1, "s"];
  const rest = Math.floor((seconds - whole * size) / nextSize);
  return rest ? `${whole} ${unit} ${rest} ${nextUnit}` : `${whole} ${unit}`;
}

/** A span as the API writes it ("720h0m", "90s") for people; "" is none. */
export function span(text: string): string {
  const sizes: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  let ms = 0;
  for (const [, value, unit] of text.matchAll(/([\d.]+)(ms|[dhms])/g)) {
    ms += Number(value) * sizes[unit!]!;
  }
  return ms ? duration(ms) : "";
}

export function between(from: string | null, to: string | null, now: number): string {
  if (!from) return "";
  return duration((to ? Date.parse(to) : now) - Date.parse(from));
}

/** "in 2 h 59 min", "3 min ago", "now": what is to come is told more exactly. */
export function relative(time: string, now: number): string {
  const ms = Date.parse(time) - now;
  if (Math.abs(ms) < 1000) return "now";
  const seconds = Math.abs(ms) / 1000;
  if (ms >= 60_000) return `in ${duration(ms)}`;
  const [size, unit] = UNITS.find(([each]) => seconds >= each) ?? [1, "s"];
  const text = `${Math.floor(seconds / size)} ${unit}`;
  return ms > 0 ? `in ${text}` : `${text} ago`;
}

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** Whether it is a time at all; addresses and others' text have what looks like one. */
export function isTime(time: string): boolean {
  return !Number.isNaN(Date.parse(time));
}

/** What is no time stays the text that it is. */
export function localTime(time: string): string {
  return isTime(time) ? local.format(new Date(time)) : time;
}
export function localClock(time: string): string {
  return isTime(time) ? clock.format(new Date(time)) : time;
}
export function utcTime(time: string): string {
  return time
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z")
    .replace("Z", " UTC");
}

const numbers = new Intl.NumberFormat();
export function count(value: number): string {
  return numbers.format(value);
}
export function counted(value: number, one: string, many = one + "s"): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return `${at && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[at]}`;
}

/** What a task does: its definition, or its kind. */
export function taskName(task: { definition: string | null; kind: string }): string {
  return task.definition ?? task.kind;
}

/** Characters that turn the direction of what follows, or cannot be seen, are shown as such. */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
