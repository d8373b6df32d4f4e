// Tables that become cards on narrow screens: each cell says what it is.

import type { ComponentChildren } from "preact";

export interface Column<T> {
  title: string;
  cell: (row: T) => ComponentChildren;
  narrow?: "title" | "hide";
  number?: boolean;
}

export function Table<T>(props: {
  caption: string;
  columns: Column<T>[];
  rows: readonly T[];
  id: (row: T) => string;
}) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={props.caption}>
      <table>
        <caption class="unseen">{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th scope="col" key={column.title} class={column.number ? "number" : ""}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.id(row)}>
              {props.columns.map((column) => (
                <td
                  key={column.title}
                  data-label={column.title}
                  class={`${column.number ? "number" : ""} ${column.narrow ?? ""}`}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
