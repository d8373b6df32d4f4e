// What the server says in words: times in it are shown in the reader's zone, tasks are linked.

import { Link } from "wouter-preact";
import { shortId } from "./format";
import { Foreign, Time } from "./bits";

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const TIME = String.raw`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z`;
const PARTS = new RegExp(`\\b(${TIME}|${UUID})\\b`);
const IS_TIME = new RegExp(`^${TIME}$`);
const IS_UUID = new RegExp(`^${UUID}$`);

/** Longer ones are cut, as they are. */
const LONGEST = 500;

export function Sentence({ text }: { text: string }) {
  if (text.length > LONGEST) return <Foreign text={text} max={LONGEST} />;
  return (
    <>
      {text.split(PARTS).map((part, at) => {
        if (IS_TIME.test(part)) return <Time key={at} at={part} as="local" />;
        if (IS_UUID.test(part)) {
          return (
            <Link key={at} href={`/tasks/${part}`} class="mono" title={part}>
              {shortId(part)}
            </Link>
          );
        }
        return part && <Foreign key={at} text={part} max={LONGEST} />;
      })}
    </>
  );
}
