// JSON as text: nothing of it is ever taken for markup.

import type { Json } from "../api/types";
import { Copy } from "./bits";
import { visible } from "./format";

const SHOWN_MAX = 20_000;

export function JsonView({ value }: { value: Json }) {
  const text = JSON.stringify(value, null, 2);
  const shown = text.length > SHOWN_MAX ? text.slice(0, SHOWN_MAX) : text;
  return (
    <div class="json">
      <pre tabIndex={0}>{visible(shown)}</pre>
      {shown !== text && <p class="muted">Cut: it is longer. Copy takes all of it.</p>}
      <Copy text={text} what="this JSON" />
    </div>
  );
}
