// What differs between two texts: the old one beside the new one.

import { useMemo, useState } from "preact/hooks";
import { counted, visible } from "./format";
import { diff, type DiffRow } from "./diff";

/** So many lines that are the same stay around each change. */
const AROUND = 3;
const LINES_MAX = 3000;

const isSame = ({ old, now }: DiffRow) => old === now;

interface Part {
  rows: DiffRow[];
  /** Lines that are the same, and far from all that is not. */
  isFar: boolean;
}

function partsOf(rows: DiffRow[]): Part[] {
  const isNear = rows.map(() => false);
  rows.forEach((row, at) => {
    if (isSame(row)) return;
    for (let near = at - AROUND; near <= at + AROUND; near++) {
      if (near >= 0 && near < rows.length) isNear[near] = true;
    }
  });
  const parts: Part[] = [];
  rows.forEach((row, at) => {
    const last = parts.at(-1);
    if (last && last.isFar === !isNear[at]) last.rows.push(row);
    else parts.push({ rows: [row], isFar: !isNear[at] });
  });
  return parts;
}

function Side({ text, other, sign }: { text: string | null; other: string | null; sign: string }) {
  if (text === null) return <td class="diff-none" />;
  const isChange = text !== other;
  const side = sign === "+" ? "new" : "old";
  return (
    <td class={isChange ? `diff-${side}` : `diff-same-${side}`}>
      <span class="diff-sign">
        {isChange ? sign : " "}
        {isChange && <span class="unseen">{sign === "+" ? "new:" : "gone:"} </span>}
      </span>
      <bdi>{visible(text)}</bdi>
    </td>
  );
}

export function DiffView(props: { old: string; now: string; heads: [string, string] }) {
  const [whole, setWhole] = useState(false);
  const rows = useMemo(
    () => diff(props.old, props.now).slice(0, LINES_MAX),
    [props.old, props.now],
  );
  const changed = rows.filter((row) => !isSame(row)).length;
  if (!changed) return <p class="muted pad">They say the same.</p>;
  const parts = partsOf(rows);
  const hides = parts.some(({ isFar }) => isFar);
  return (
    <>
      <p class="pad row">
        {counted(changed, "line differs", "lines differ")}
        {hides && (
          <button type="button" class="link" onClick={() => setWhole(!whole)}>
            {whole ? "only what differs" : "all lines"}
          </button>
        )}
      </p>
      <div class="grid-frame" tabIndex={0} role="region" aria-label="What differs">
        <table class="diff">
          <caption class="unseen">What differs</caption>
          <thead>
            <tr>
              <th scope="col">{props.heads[0]}</th>
              <th scope="col">{props.heads[1]}</th>
            </tr>
          </thead>
          <tbody>
            {parts.map((part, at) =>
              part.isFar && !whole ? (
                <tr key={at}>
                  <td colSpan={2} class="diff-far">
                    {counted(part.rows.length, "line")} the same
                  </td>
                </tr>
              ) : (
                part.rows.map(({ old, now }, line) => (
                  <tr key={`${at} ${line}`}>
                    <Side text={old} other={now} sign="−" />
                    <Side text={now} other={old} sign="+" />
                  </tr>
                ))
              ),
            )}
          </tbody>
        </table>
      </div>
    </>
  );
}
