// What the server has refused of a form: beside the button that sent it, with the focus on it, and
// at the field that it names.

import { useEffect, useRef } from "preact/hooks";
import type { Problem } from "../api/client";
import { Trouble } from "./bits";
import type { Wrong } from "./schema_form";

/** "/params: /host: has to be short" is of "/params/host"; of a missing one its place is told. */
export function wrongOf(problem: Problem | null): Wrong | null {
  if (!problem) return null;
  let at = "";
  let why = problem.detail;
  for (let part = /^(\/[^\s:]*): /.exec(why); part; part = /^(\/[^\s:]*): /.exec(why)) {
    at += part[1]!;
    why = why.slice(part[0].length);
  }
  const missing = /^the field "([^"]+)" is missing/.exec(why);
  if (missing) at += `/${missing[1]}`;
  return at ? { at, why } : null;
}

export function Refused({ problem }: { problem: Problem | null }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem) place.current?.focus();
  }, [problem]);
  return (
    <div ref={place} tabIndex={-1} class="refused">
      {problem && <Trouble problem={problem} />}
    </div>
  );
}
