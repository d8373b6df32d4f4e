// The scans that the server knows, each with what its newest pass found; and reports from files.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { get, type Problem } from "../api/client";
import type { Scan } from "../api/types";
import { problemOf, useResource } from "../state/resource";
import { Empty, Foreign, Loaded, Page, Panel, Time, Trouble } from "../ui/bits";
import { span } from "../ui/format";
import { Icon } from "../ui/icon";
import { Table } from "../ui/table";
import { Outcome } from "./scan";
import { type Report, readReports } from "./scan_report";
import { ShownReport } from "./scan_shown";

// Kept while the tab is open: to look at a task and come back loses nothing.
const reports = signal<Report[]>([]);
const shownName = signal("");

function OpenReport({ onProblem }: { onProblem: (problem: Problem | null) => void }) {
  const take = async (file: File | undefined) => {
    if (!file) return;
    try {
      const found = readReports(await file.text());
      reports.value = found;
      shownName.value = found[0]!.scan;
      onProblem(null);
    } catch (error) {
      const { message } = problemOf(error);
      onProblem(problemOf(new Error(`${file.name} is no report of a scan: ${message}`)));
    }
  };
  return (
    <label class="button file">
      <Icon name="filter" /> Open a report…
      <input
        type="file"
        class="unseen"
        accept=".json,.jsonl,.txt,application/json"
        onChange={(event) => {
          const input = event.currentTarget;
          void take(input.files?.[0]).then(() => (input.value = ""));
        }}
      />
    </label>
  );
}

function Choice() {
  if (!reports.value.length) return null;
  return (
    <div class="row">
      <div class="chips" role="group" aria-label="Scans of the report">
        {reports.value.map(({ scan }) => (
          <button
            type="button"
            key={scan}
            aria-pressed={scan === shownName.value}
            onClick={() => (shownName.value = scan)}
          >
            <Foreign text={scan} max={60} />
          </button>
        ))}
      </div>
      <button type="button" onClick={() => (reports.value = [])}>
        <Icon name="close" /> Close the report
      </button>
    </div>
  );
}

const PLANNERS: Record<string, string> = { prio: "Prio's batches", batches: "batches by path" };

function ScanTable({ scans }: { scans: Scan[] }) {
  return (
    <Panel title="Scans" flush>
      <Table
        caption="Scans"
        rows={scans}
        id={({ name }) => name}
        columns={[
          {
            title: "Scan",
            narrow: "title",
            cell: ({ name, defined }) => (
              <>
                <Link href={`/scans/${encodeURIComponent(name)}`}>{name}</Link>
                {!defined && <div class="small">not defined on this server</div>}
              </>
            ),
          },
          {
            title: "Looks for",
            cell: ({ planner }) => (planner ? (PLANNERS[planner] ?? planner) : "–"),
          },
          { title: "Every", cell: ({ every }) => (every ? span(every) : "–") },
          { title: "Last pass", cell: ({ latest }) => <Time at={latest?.last_at ?? null} /> },
          {
            title: "Outcome",
            cell: ({ latest }) =>
              latest ? <Outcome pass={latest} /> : <span class="muted">none is kept yet</span>,
          },
        ]}
      />
    </Panel>
  );
}

function Known() {
  const scans = useResource(
    "scans",
    (abort) => get<{ scans: Scan[] }>("/v1/scans", {}, abort),
    { everyMs: 5000 },
  );
  return (
    <Loaded of={scans}>
      {({ scans: all }) =>
        all.length ? (
          <ScanTable scans={all} />
        ) : (
          <Empty title="The server knows no scans">
            <p>
              A definitions file has them: <code>scans:</code> with buckets and the task that is to
              be made. <code>waybill up</code> then looks through the buckets at their pace.
            </p>
            <p>
              The report of one that runs elsewhere can be opened here; it does not leave this
              browser: <code>waybill scan --dry-run --json &gt; plan.json</code>
            </p>
          </Empty>
        )
      }
    </Loaded>
  );
}

export function ScansPage() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const report = reports.value.find(({ scan }) => scan === shownName.value);
  return (
    <Page
      title="Scans"
      lead="What passes found in the buckets, by source and window."
      actions={<OpenReport onProblem={setProblem} />}
    >
      {problem && <Trouble problem={problem} />}
      <Choice />
      {report ? <ShownReport key={report.scan + report.now} report={report} /> : <Known />}
    </Page>
  );
}
