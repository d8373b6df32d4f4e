// Who changed what, newest first.

import { useMemo } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";
import { get, withQuery } from "../api/client";
import type { AuditEntry } from "../api/types";
import { usePages } from "../state/pages";
import { Empty, Foreign, Loading, Page, TaskLink, Time, Trouble } from "../ui/bits";
import { count, shortId } from "../ui/format";
import { type LongPages, More, useLongPages } from "../ui/long_pages";
import { Table } from "../ui/table";

interface AuditPageAnswer {
  entries: AuditEntry[];
  next_cursor: string | null;
}

const FIELDS = [
  ["who", "Who", "token:ops"],
  ["operation", "Operation", "cancelTask"],
  ["subject", "Subject", "a task's id, a queue, …"],
] as const;

const IS_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function Subject({ entry: { subject, operation } }: { entry: AuditEntry }) {
  if (!subject) return null;
  if (!IS_ID.test(subject)) return <Foreign text={subject} max={80} />;
  if (operation.includes("Task")) return <TaskLink id={subject} />;
  if (operation.endsWith("Run")) {
    return (
      <Link href={`/runs/${subject}`} class="mono" title={subject}>
        {shortId(subject)}
      </Link>
    );
  }
  return <span class="mono">{subject}</span>;
}

const TONE = { done: "succeeded", refused: "failed", failed: "leased" };

const PAGE = 50;

/** Two entries may say the same. */
function withIds(entries: readonly AuditEntry[]): Map<AuditEntry, string> {
  const times = new Map<string, number>();
  const ids = new Map<AuditEntry, string>();
  for (const entry of entries) {
    const text = `${entry.at} ${entry.operation} ${entry.subject} ${entry.who}`;
    const time = times.get(text) ?? 0;
    times.set(text, time + 1);
    ids.set(entry, `${text} ${time}`);
  }
  return ids;
}

function Entries({ of }: { of: LongPages<AuditEntry> }) {
  const ids = useMemo(() => withIds(of.rows), [of.rows]);
  return (
    <Table
      caption="Who changed what"
      rows={of.rows}
      id={(entry) => ids.get(entry)!}
      isEnd={of.isEnd}
      onLook={of.look}
      columns={[
        { title: "At", width: "224px", cell: ({ at }) => <Time at={at} as="local" /> },
        { title: "Who", width: "12%", cell: ({ who }) => <Foreign text={who} max={60} /> },
        {
          title: "Operation",
          narrow: "title",
          width: "140px",
          cell: ({ operation }) => operation,
        },
        { title: "Subject", cell: (entry) => <Subject entry={entry} /> },
        {
          title: "Outcome",
          width: "106px",
          cell: ({ outcome }) => <span class={`state state-${TONE[outcome]}`}>{outcome}</span>,
        },
        { title: "Count", number: true, width: "66px", cell: (entry) => count(entry.count) },
        { title: "From", width: "118px", cell: ({ from }) => from ?? "command line" },
        {
          title: "Reason",
          width: "14%",
          cell: ({ reason }) => reason && <Foreign text={reason} />,
        },
      ]}
    />
  );
}

export function AuditPage() {
  const words = new URLSearchParams(useSearch());
  const [, navigate] = useLocation();
  const { cursor: start = "", ...query } = Object.fromEntries(words);
  const list = usePages<AuditPageAnswer>(
    `audit ${words}`,
    start,
    (cursor, abort) => get("/v1/audit", { ...query, cursor, limit: PAGE }, abort),
    { everyMs: 15_000 },
  );
  const long = useLongPages(list, ({ entries }) => entries);
  const go = (change: Record<string, string>) =>
    navigate(withQuery("/audit", { ...query, ...change }));
  return (
    <Page title="Audit" lead="Every change that was asked for, also those that were refused.">
      <form
        class="filters"
        role="search"
        aria-label="Audit"
        onSubmit={(event) => event.preventDefault()}
      >
        <div class="fields">
          {FIELDS.map(([name, title, hint]) => (
            <label class="field" key={name + (query[name] ?? "")}>
              <span>{title}</span>
              <input
                type="search"
                placeholder={hint}
                defaultValue={query[name] ?? ""}
                onChange={(event) => go({ [name]: event.currentTarget.value.trim() })}
              />
            </label>
          ))}
        </div>
      </form>
      {list.problem && <Trouble problem={list.problem} retry={list.reload} />}
      {!list.pages.length && !list.problem && <Loading />}
      {long.rows.length > 0 && <Entries of={long} />}
      {long.isEnd && !long.rows.length && (
        <Empty title="No entry fits">
          <p>Take a filter away; entries older than --audit-keep are gone.</p>
        </Empty>
      )}
      <div class="pager">
        {start && (
          <button type="button" onClick={() => go({})}>
            From the first on
          </button>
        )}
        <More list={list} of={long} what="entry" many="entries" />
      </div>
    </Page>
  );
}
