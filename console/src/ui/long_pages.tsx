// A list of keyset pages as one: its rows, what is asked for as one scrolls, and what stands below.

import { useMemo } from "preact/hooks";
import type { Pages } from "../state/pages";
import { counted } from "./format";

/** So many rows before the end of what is loaded more is asked for. */
const NEAR_END = 10;
/** What one sees comes from so many pages at most; pages of fewer rows have been searched for long,
 *  or are large, and the next one is asked for by hand. */
const PAGES_SEEN = 10;

export interface LongPages<T> {
  rows: T[];
  /** That was all. */
  isEnd: boolean;
  look: (first: number, last: number) => void;
}

export function useLongPages<A, T>(
  list: Pages<A>,
  rowsOf: (page: A) => readonly T[],
): LongPages<T> {
  const { pages } = list;
  const rows = useMemo(() => pages.flatMap((page) => rowsOf(page)), [pages.length, ...pages]);
  /** Which page has the row. */
  const pageAt = (row: number) => {
    let end = 0;
    const at = pages.findIndex((page) => (end += rowsOf(page).length) > row);
    return at < 0 ? Math.max(0, pages.length - 1) : at;
  };
  const look = (first: number, last: number) => {
    const [firstPage, lastPage] = [pageAt(first), pageAt(last)];
    list.look(firstPage, lastPage);
    const end = pages[pages.length - 1];
    const isFound = end !== undefined && rowsOf(end).length > 0;
    const isFew = pages.length - firstPage < PAGES_SEEN;
    if (isFound && isFew && last >= rows.length - NEAR_END) list.more();
  };
  return { rows, isEnd: pages.length > 0 && list.next === null, look };
}

/** What comes after the rows; the button is for what does not come by scrolling. */
export function More<A>(props: {
  list: Pages<A>;
  of: LongPages<unknown>;
  what: string;
  /** Of several. */
  many?: string;
}) {
  const { list, of } = props;
  const rows = counted(of.rows.length, props.what, props.many);
  if (!list.pages.length || (!of.rows.length && of.isEnd)) return null;
  if (of.isEnd) return <p class="muted">{rows}, that is all.</p>;
  return (
    <>
      <p class="muted">{rows} so far.</p>
      <button type="button" disabled={list.loading} onClick={list.more}>
        {list.loading ? "Loading…" : "Load more"}
      </button>
    </>
  );
}

/** What follows a list within a panel: nothing where all of it is there. */
export function MoreBelow<A>(props: { list: Pages<A>; of: LongPages<unknown>; what: string }) {
  return props.of.isEnd ? null : (
    <div class="pager">
      <More {...props} />
    </div>
  );
}

/** The list as `Loaded` takes it. */
export function asResource<A, T>(list: Pages<A>, of: LongPages<T>) {
  return {
    data: list.pages.length ? of.rows : undefined,
    problem: list.problem,
    reload: list.reload,
  };
}
