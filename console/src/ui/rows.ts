// Which rows of a long table are drawn: those near the screen, and those that must not go.

import { type RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { settlePlace, useKept } from "../state/place";

/** So many pixels above and below the screen are drawn as well. */
const BEYOND = 600;
const ROW_GUESS = 45;
/** Before anything is measured. */
const FIRST_ROWS = 30;

export interface Range {
  first: number;
  last: number;
}

/** A row, or what stands for rows that are not drawn. */
export type Drawn = { at: number } | { gap: number; from: number };

export interface Rows {
  drawn: Drawn[];
  /** The rows of the middle of it, without those that are kept. */
  range: Range;
}

/** Heights as they were measured; of those that were not, the mean. */
class Heights {
  private readonly of = new Map<string, number>();
  private sum = 0;

  get mean(): number {
    return this.of.size ? this.sum / this.of.size : ROW_GUESS;
  }
  at(id: string): number {
    return this.of.get(id) ?? this.mean;
  }
  /** True: it is another than was taken for it. */
  set(id: string, height: number): boolean {
    const old = this.of.get(id);
    if (old !== undefined && Math.abs(old - height) < 0.5) return false;
    this.sum += height - (old ?? 0);
    this.of.set(id, height);
    return true;
  }
  clear(): void {
    this.of.clear();
    this.sum = 0;
  }
}

function rangeOf(ids: readonly string[], heights: Heights, from: number, to: number): Range {
  let top = 0;
  let first = -1;
  let last = -1;
  for (let at = 0; at < ids.length; at++) {
    const bottom = top + heights.at(ids[at]!);
    if (first < 0 && bottom >= from) first = at;
    if (top <= to) last = at;
    else break;
    top = bottom;
  }
  if (first < 0) first = Math.max(0, ids.length - 1);
  return { first, last: Math.max(first, last) };
}

/** With their neighbours, so that Tab goes on from them. */
function drawnOf(ids: readonly string[], range: Range, kept: readonly string[], of: Heights) {
  const wanted = new Set<number>();
  for (let at = range.first; at <= Math.min(range.last, ids.length - 1); at++) wanted.add(at);
  const places = kept.length ? new Map(ids.map((id, at) => [id, at])) : null;
  for (const id of kept) {
    const place = places?.get(id);
    if (place === undefined) continue;
    for (const at of [place - 1, place, place + 1]) if (at in ids) wanted.add(at);
  }
  const drawn: Drawn[] = [];
  let next = 0;
  const gapTo = (end: number) => {
    let gap = 0;
    for (let at = next; at < end; at++) gap += of.at(ids[at]!);
    if (end > next) drawn.push({ gap, from: next });
  };
  for (const at of [...wanted].sort((one, other) => one - other)) {
    gapTo(at);
    drawn.push({ at });
    next = at + 1;
  }
  gapTo(ids.length);
  return drawn;
}

function measure(body: HTMLElement, heights: Heights): boolean {
  let isNew = false;
  const rows = [...body.querySelectorAll<HTMLElement>("tr[data-row]")];
  const margin = rows[0] ? parseFloat(getComputedStyle(rows[0]).marginBottom) || 0 : 0;
  for (const row of rows) {
    const { height: own } = row.getBoundingClientRect();
    const height = own + margin;
    if (own === 0) continue; // within what is folded up
    if (heights.set(row.dataset["row"]!, height)) isNew = true;
  }
  return isNew;
}

/** Rows of `body` have `data-row`, their id. `kept`: which are drawn wherever they are. `name`: of
 *  the table within its page. */
export function useRows(
  body: RefObject<HTMLElement>,
  name: string,
  ids: readonly string[],
  kept: readonly string[],
): Rows {
  const memory = useKept(`rows ${name}`, () => ({
    heights: new Heights(),
    range: { first: 0, last: FIRST_ROWS },
  }));
  const { heights, range } = memory;
  const [, setDrawn] = useState(0);
  const now = useRef({ ids, memory });
  now.current = { ids, memory };
  const place = useRef(() => {
    if (!body.current) return;
    const { memory: of, ids: all } = now.current;
    const { top, bottom } = body.current.getBoundingClientRect();
    if (bottom < -BEYOND) return; // one has left it behind; its end is not what one looks at
    const [from, to] = [-top - BEYOND, -top + innerHeight + BEYOND];
    const next = rangeOf(all, of.heights, from, to);
    if (of.range.first === next.first && of.range.last === next.last) return;
    of.range = next;
    setDrawn((drawn) => drawn + 1);
  });

  useLayoutEffect(() => {
    if (body.current) measure(body.current, heights);
    settlePlace();
    place.current();
  });
  useEffect(() => {
    let frame = 0;
    const soon = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        place.current();
      });
    };
    let width = innerWidth;
    const resized = () => {
      const of = now.current.memory.heights;
      if (innerWidth !== width) of.clear();
      width = innerWidth;
      if (body.current) measure(body.current, of);
      soon();
    };
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", resized);
    document.addEventListener("toggle", resized, true); // what is folded has no height
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", soon);
      removeEventListener("resize", resized);
      document.removeEventListener("toggle", resized, true);
    };
  }, []);
  return { drawn: drawnOf(ids, range, kept, heights), range };
}
