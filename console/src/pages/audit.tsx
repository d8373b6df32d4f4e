// Who changed what, newest first.

import { useLocation, useSearch } from "wouter-preact";
import { get, withQuery } from "../api/client";
import type { AuditEntry } from "../api/types";
import { useResource } from "../state/resource";
import { Empty, Foreign, Loaded, Page, TaskLink, Time } from "../ui/bits";
import { count } from "../ui/format";
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

function Subject({ subject }: { subject: string | null }) {
  if (!subject) return null;
  return IS_ID.test(subject) ? <TaskLink id={subject} /> : <Foreign text={subject} max={80} />;
}

const TONE = { done: "succeeded", refused: "failed", failed: "leased" };

export function AuditPage() {
  const words = new URLSearchParams(useSearch());
  const [, navigate] = useLocation();
  const query = Object.fromEntries(words);
  const page = useResource(
    `audit ${words}`,
    (abort) => get<AuditPageAnswer>("/v1/audit", { ...query, limit: 50 }, abort),
    { everyMs: 15_000 },
  );
  const go = (change: Record<string, string>) =>
    navigate(withQuery("/audit", { ...query, cursor: "", ...change }));
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
      <Loaded of={page}>
        {({ entries, next_cursor }) => (
          <>
            {entries.length ? (
              <Table
                caption="Who changed what"
                rows={entries}
                id={(entry) => `${entry.at} ${entry.operation} ${entry.subject} ${entry.who}`}
                columns={[
                  { title: "At", cell: ({ at }) => <Time at={at} /> },
                  { title: "Who", cell: ({ who }) => <Foreign text={who} max={60} /> },
                  { title: "Operation", narrow: "title", cell: ({ operation }) => operation },
                  { title: "Subject", cell: ({ subject }) => <Subject subject={subject} /> },
                  {
                    title: "Outcome",
                    cell: ({ outcome }) => (
                      <span class={`state state-${TONE[outcome]}`}>{outcome}</span>
                    ),
                  },
                  { title: "Count", number: true, cell: (entry) => count(entry.count) },
                  { title: "From", cell: ({ from }) => from ?? "command line" },
                  { title: "Reason", cell: ({ reason }) => reason && <Foreign text={reason} /> },
                ]}
              />
            ) : (
              <Empty title="No entry fits">
                <p>Take a filter away; entries older than --audit-keep are gone.</p>
              </Empty>
            )}
            <nav class="pager" aria-label="Pages">
              {query.cursor && (
                <button type="button" onClick={() => go({})}>
                  First page
                </button>
              )}
              {next_cursor && (
                <button type="button" onClick={() => go({ cursor: next_cursor })}>
                  Next page
                </button>
              )}
            </nav>
          </>
        )}
      </Loaded>
    </Page>
  );
}
