// Why a task is where it is, in the server's words: times in them are shown in the reader's zone,
// tasks are linked. What others wrote is shown as they wrote it.

import type { Condition } from "../api/types";
import { Foreign, TaskLink, Time } from "./bits";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;
/** What stands between words of the server. */
const BETWEEN = /(\s+|[(),;]|[.:](?=\s|$))/;
/** After these the server cites the task's error. */
const CITES = /; the last error: |^it (?:failed|was cancelled|cancelled) at \S+: /;
/** Others write these: who made the rules. */
const OF_RULES = ["allowed", "not_allowed", "permission_unknown"];

/** Longer ones are cut, as they are. */
const LONGEST = 500;

/** Where the server's own words end. */
function endOfOwn({ reason, sentence }: Condition): number {
  if (OF_RULES.includes(reason)) return 0;
  const cites = CITES.exec(sentence);
  return cites ? cites.index + cites[0].length : sentence.length;
}

/** Each time and each id is a part of its own; what is between them is one. */
function partsOf(text: string): string[] {
  const parts = [""];
  for (const word of text.split(BETWEEN)) {
    if (TIME.test(word) || UUID.test(word)) parts.push(word, "");
    else parts[parts.length - 1] += word;
  }
  return parts.filter(Boolean);
}

export function Sentence({ of }: { of: Condition }) {
  const end = endOfOwn(of);
  const own = of.sentence.slice(0, end);
  const cited = of.sentence.slice(end);
  if (own.length > LONGEST) return <Foreign text={of.sentence} max={LONGEST} />;
  return (
    <>
      {partsOf(own).map((part, at) => {
        if (TIME.test(part)) return <Time key={at} at={part} as="local" />;
        if (UUID.test(part)) return <TaskLink key={at} id={part} />;
        return <Foreign key={at} text={part} max={LONGEST} />;
      })}
      {cited && <Foreign text={cited} max={LONGEST} />}
    </>
  );
}
