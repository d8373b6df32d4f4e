// What lists have in common that may be longer than what is drawn of them: rows near the screen,
// the one that has the focus, and the one that is chosen by keys.

import { type RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { rowBefore, useKept } from "../state/place";
import { singleKeys } from "../state/settings";
import { onKeys } from "./keys";
import { type Drawn, type Range, useRows } from "./rows";

/** The one chosen by keys stays so however the list moves. */
interface Chosen {
  id: string;
  /** Where it stood. */
  at: number;
}

export interface LongList {
  body: RefObject<HTMLTableSectionElement>;
  drawn: Drawn[];
  range: Range;
  onFocusIn: (event: FocusEvent) => void;
}

interface Params {
  /** Of the table within its page. */
  name: string;
  ids: readonly string[];
  /** Whether j, k and o go through it: one list of a page at most. */
  hasKeys?: boolean;
  /** What x does. */
  pick?: (id: string) => void;
}

const linkIn = (body: HTMLElement | null, id: string) =>
  [...(body?.querySelectorAll<HTMLElement>("tr[data-row]") ?? [])]
    .find((row) => row.dataset["row"] === id)
    ?.querySelector<HTMLElement>("a.row-link, a, button");

function useKeys(params: Params, body: RefObject<HTMLElement>) {
  const { ids, hasKeys = false, pick } = params;
  const chosen = useKept<Chosen>(`chosen ${params.name}`, () => ({ id: "", at: -1 }));
  const [presses, setPresses] = useState(0);
  // The second of two quick keys comes before anything is drawn after the first.
  const now = useRef({ ids, pick, chosen });
  now.current = { ids, pick, chosen };
  useEffect(() => {
    if (!singleKeys.value || !hasKeys) return undefined;
    const find = () => now.current.ids.indexOf(now.current.chosen.id);
    const move = (step: number) => {
      const { ids: all, chosen: is } = now.current;
      const found = find();
      // If it has left the list, from where it stood: what was below it has moved up.
      const from = found >= 0 ? found : step > 0 ? is.at - 1 : is.at;
      const at = Math.max(0, Math.min(from + step, all.length - 1));
      const id = all[at];
      if (!id) return;
      Object.assign(is, { id, at });
      setPresses((before) => before + 1);
    };
    const withChosen = (work: (id: string) => void) => () => {
      if (find() >= 0) work(now.current.chosen.id);
    };
    return onKeys({
      j: () => move(1),
      k: () => move(-1),
      x: withChosen((id) => now.current.pick?.(id)),
      o: withChosen((id) => linkIn(body.current, id)?.click()),
    });
  }, [hasKeys, singleKeys.value]);
  // At a press only: a list that moves takes the focus from nobody.
  useEffect(() => {
    if (presses) linkIn(body.current, chosen.id)?.focus();
  }, [presses]);
  return chosen;
}

export function useLongList(params: Params): LongList {
  const body = useRef<HTMLTableSectionElement>(null);
  const chosen = useKeys(params, body);
  const focus = useKept(`focus ${params.name}`, () => ({ row: "" }));
  const [, setFocused] = useState("");
  const { drawn, range } = useRows(body, params.name, params.ids, [chosen.id, focus.row]);
  const before = rowBefore();
  useEffect(() => {
    if (before) linkIn(body.current, before)?.focus({ preventScroll: true });
  }, [focus]);
  const onFocusIn = (event: FocusEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("tr[data-row]");
    focus.row = row?.dataset["row"] ?? "";
    setFocused(focus.row);
  };
  return { body, drawn, range, onFocusIn };
}

/** Stands for rows that are not drawn. */
export function Gap({ height, columns }: { height: number; columns: number }) {
  return (
    <tr class="rows-gap" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}
