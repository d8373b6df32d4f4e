// Tables that become cards on narrow screens: each cell says what it is. Of long ones the rows near
// the screen alone are drawn.

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Gap, useLongList } from "./long_list";

/** Tables of more rows are drawn in part. */
const SHORT = 60;

export interface Column<T> {
  title: string;
  cell: (row: T) => ComponentChildren;
  narrow?: "title" | "hide";
  number?: boolean;
  /** Of tables that are drawn in part, whose columns must not move as rows come and go. */
  width?: string;
}

interface Props<T> {
  caption: string;
  columns: Column<T>[];
  rows: readonly T[];
  id: (row: T) => string;
  /** False: more may come. */
  isEnd?: boolean;
  /** Rows are gone through by j and k: one table of a page at most. */
  hasKeys?: boolean;
  /** Which rows are near the screen. */
  onLook?: (first: number, last: number) => void;
}

function Cells<T>({ row, columns }: { row: T; columns: Column<T>[] }) {
  return (
    <>
      {columns.map((column) => (
        <td
          key={column.title}
          data-label={column.title}
          class={`${column.number ? "number" : ""} ${column.narrow ?? ""}`}
        >
          {column.cell(row)}
        </td>
      ))}
    </>
  );
}

export function Table<T>(props: Props<T>) {
  const { columns, rows, id, caption, isEnd = true, onLook } = props;
  const ids = rows.map(id);
  const { body, drawn, range, onFocusIn } = useLongList({
    name: caption,
    ids,
    hasKeys: props.hasKeys ?? false,
  });
  useEffect(() => onLook?.(range.first, range.last), [range, rows]);
  const isLong = rows.length > SHORT || !isEnd;
  const shown = isLong ? drawn : rows.map((_, at) => ({ at }));
  const isFixed = columns.some(({ width }) => width);
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={caption}>
      <table
        class={isFixed ? "fixed" : ""}
        aria-rowcount={isLong ? (isEnd ? rows.length + 1 : -1) : undefined}
      >
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr aria-rowindex={isLong ? 1 : undefined}>
            {columns.map(({ title, number, width }) => (
              <th scope="col" key={title} class={number ? "number" : ""} style={{ width }}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} onFocusIn={onFocusIn}>
          {shown.map((place) => {
            if ("gap" in place) {
              return (
                <Gap key={`gap ${place.from}`} height={place.gap} columns={columns.length} />
              );
            }
            const row = rows[place.at]!;
            return (
              <tr
                key={ids[place.at]!}
                data-row={ids[place.at]!}
                aria-rowindex={isLong ? place.at + 2 : undefined}
              >
                <Cells row={row} columns={columns} />
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
