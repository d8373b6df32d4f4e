// What a task has written: followed as it comes, searched, downloaded.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, path, type Problem } from "../api/client";
import { follow } from "../api/stream";
import type { LogChunk } from "../api/types";
import { problemOf } from "../state/resource";
import { Empty, Panel, Trouble } from "../ui/bits";
import { count, visible } from "../ui/format";
import { Icon } from "../ui/icon";
import { saveText } from "../ui/save";
import { complain } from "../ui/toast";

interface Line {
  number: number;
  attempt: number;
  stream: LogChunk["stream"];
  text: string;
}

/** More would make the page slow; the download has all. */
const KEPT = 5000;
const LONGEST = 4000;
// The escape sequences of terminals (ECMA-48): colours and cursor moves.
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g;

/** Makes lines of chunks, which may end within one; each stream of an attempt by itself. */
class Lines {
  kept: Line[] = [];
  dropped = 0;
  private open = new Map<string, Line>();
  private next = 1;

  add(chunk: LogChunk): void {
    const key = `${chunk.attempt} ${chunk.stream}`;
    const parts = chunk.text.replace(ESCAPES, "").split("\n");
    parts.forEach((part, index) => {
      let line = this.open.get(key);
      if (!line && (part || index < parts.length - 1)) {
        line = { number: this.next++, attempt: chunk.attempt, stream: chunk.stream, text: "" };
        this.open.set(key, line);
        this.kept.push(line);
      }
      if (line && line.text.length < LONGEST) line.text += part.slice(0, LONGEST);
      if (index < parts.length - 1) this.open.delete(key);
    });
    if (this.kept.length > KEPT) {
      this.dropped += this.kept.length - KEPT;
      this.kept = this.kept.slice(-KEPT);
    }
  }
}

/** Followed until the task has ended; after a retry, however short, from there on. */
function useLog(id: string, finishedAt: string | null) {
  const lines = useRef(new Lines());
  const [, redraw] = useState(0);
  const [ended, setEnded] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const again = useRef<() => void>(() => undefined);
  useEffect(() => {
    lines.current = new Lines();
    let cursor = "";
    let frame = 0;
    const draw = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        redraw((old) => old + 1);
      });
    };
    let stop: (() => void) | null = null;
    let hasAll = false;
    const end = () => {
      stop?.();
      stop = null;
    };
    const begin = () => {
      if (stop || hasAll || document.hidden) return;
      stop = follow({
        path: path("tasks", id, "logs", "stream"),
        lastId: () => cursor,
        onMessage: (message) => {
          cursor = message.id || cursor;
          if (message.event === "end") {
            hasAll = true;
            setEnded(true);
            end();
          } else if (message.event === "log") {
            lines.current.add(JSON.parse(message.data) as LogChunk);
            draw();
          }
        },
        onState: (_, why) => setProblem(why?.status ? why : null),
      });
    };
    const look = () => (document.hidden ? end() : begin());
    document.addEventListener("visibilitychange", look);
    again.current = () => {
      hasAll = false;
      begin();
    };
    begin();
    return () => {
      document.removeEventListener("visibilitychange", look);
      cancelAnimationFrame(frame);
      end();
    };
  }, [id]);
  useEffect(() => {
    if (!finishedAt) setEnded(false);
    again.current();
  }, [id, finishedAt]);
  return { lines: lines.current, ended, problem };
}

async function wholeLog(id: string): Promise<string[]> {
  const parts: string[] = [];
  let cursor: string | null = null;
  for (;;) {
    const page: { chunks: LogChunk[]; next_cursor: string | null } = await get(
      path("tasks", id, "logs"),
      { cursor, limit_bytes: 1_048_576 },
    );
    for (const chunk of page.chunks) parts.push(chunk.text);
    if (!page.chunks.length || !page.next_cursor) return parts;
    cursor = page.next_cursor;
  }
}

function Marked({ text, find }: { text: string; find: string }) {
  const shown = visible(text);
  if (!find) return <>{shown}</>;
  const parts = [];
  const low = shown.toLowerCase();
  let at = 0;
  for (let hit = low.indexOf(find); hit >= 0; hit = low.indexOf(find, at)) {
    parts.push(shown.slice(at, hit), <mark>{shown.slice(hit, hit + find.length)}</mark>);
    at = hit + find.length;
  }
  parts.push(shown.slice(at));
  return <>{parts}</>;
}

function LineView({ line, find, isFirst }: { line: Line; find: string; isFirst: boolean }) {
  return (
    <>
      {isFirst && <li class="log-attempt">attempt {line.attempt}</li>}
      <li class={`log-line log-${line.stream}`}>
        <span class="log-number" aria-hidden="true">
          {line.number}
        </span>
        <span>
          {line.stream !== "stdout" && <span class="unseen">{line.stream}: </span>}
          <Marked text={line.text} find={find} />
        </span>
      </li>
    </>
  );
}

export function LogPanel(props: { id: string; name: string; finishedAt: string | null }) {
  const { id, name } = props;
  const { lines, ended, problem } = useLog(id, props.finishedAt);
  const [find, setFind] = useState("");
  const [tail, setTail] = useState(true);
  const frame = useRef<HTMLDivElement>(null);
  const low = find.toLowerCase();
  const { kept } = lines;
  const lastNumber = kept.at(-1)?.number ?? 0;
  const lastLength = kept.at(-1)?.text.length ?? 0;
  const shown = useMemo(
    () => (low ? kept.filter((line) => line.text.toLowerCase().includes(low)) : kept.slice()),
    [low, kept, lastNumber, lastLength],
  );
  useEffect(() => {
    if (tail && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  }, [tail, shown]);
  const onScroll = () => {
    const place = frame.current!;
    setTail(place.scrollHeight - place.scrollTop - place.clientHeight < 24);
  };
  const save = () =>
    wholeLog(id).then(
      (parts) => saveText(parts, `${name}-${id}.log`),
      (error) => complain(problemOf(error)),
    );
  return (
    <Panel
      title="Log"
      actions={
        <>
          <input
            type="search"
            class="log-find"
            aria-label="Search in the log"
            placeholder="Search in the log"
            value={find}
            onInput={(event) => setFind(event.currentTarget.value)}
          />
          {find && (
            <span class="muted">
              {count(shown.length)} lines{lines.dropped > 0 && ` of the last ${count(KEPT)}`}
            </span>
          )}
          <button type="button" aria-pressed={tail} onClick={() => setTail(!tail)}>
            Follow
          </button>
          <button type="button" disabled={!kept.length} onClick={() => void save()}>
            <Icon name="download" /> Download
          </button>
        </>
      }
    >
      {problem && <Trouble problem={problem} />}
      {lines.dropped > 0 && (
        <p class="muted">The first {count(lines.dropped)} lines are in the download only.</p>
      )}
      {!kept.length ? (
        <Empty title={ended ? "It has written nothing" : "Nothing written so far"} />
      ) : (
        <div
          class="log"
          ref={frame}
          onScroll={onScroll}
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label="Log"
        >
          <ol>
            {shown.map((line, index) => (
              <LineView
                key={line.number}
                line={line}
                find={low}
                isFirst={line.attempt !== shown[index - 1]?.attempt}
              />
            ))}
          </ol>
        </div>
      )}
    </Panel>
  );
}
