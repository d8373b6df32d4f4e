// What a pass of a scan found, or would do: the report of `waybill scan --json`, as a heat map.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { Empty, Foreign, Page, Panel, Time, Trouble } from "../ui/bits";
import { count, counted } from "../ui/format";
import { Icon } from "../ui/icon";
import type { Problem } from "../api/client";
import { problemOf } from "../state/resource";
import { type Chosen, HeatMap, Legend, Objects, windowName } from "./scan_heat";
import {
  fittingWindow,
  type Item,
  type Report,
  readReports,
  WINDOWS,
  windowsOf,
} from "./scan_report";

// Kept while the tab is open: to look at a task and come back loses nothing.
const reports = signal<Report[]>([]);
const shownName = signal("");

const ROWS_MAX = 400;

function spanName(minutes: number): string {
  if (minutes === 1440) return "a day";
  return minutes < 60 ? `${minutes} minutes` : counted(minutes / 60, "hour");
}

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

function Facts({ report }: { report: Report }) {
  return (
    <Panel title={report.isDryRun ? "Plan of a dry run" : "A pass"}>
      <p>
        <Foreign text={report.scan} max={80} />, as of <Time at={report.now || null} />:{" "}
        {counted(report.objects, "object")} listed.{" "}
        {report.isDryRun
          ? "Nothing was written."
          : report.isComplete
            ? "All that was to be scheduled is."
            : "Not all that was to be scheduled is: the next pass tries again."}{" "}
        <Link href={`/tasks?created_by=${encodeURIComponent(`scan:${report.scan}`)}`}>
          Tasks that it has made
        </Link>
      </p>
      <Legend items={report.items} />
      {report.unnamed > 0 && (
        <p class="hint">
          {count(report.unnamed)} more were skipped: a report names the first thousand of them.
        </p>
      )}
      {report.warnings.map((warning) => (
        <div class="trouble" key={warning}>
          <Icon name="warning" />
          <p>
            <Foreign text={warning} max={600} />
          </p>
        </div>
      ))}
    </Panel>
  );
}

function titleOf({ begin, source }: Chosen): string {
  if (begin === null) return "Without a time in the name";
  return `${source || "no source"}, ${windowName(begin)}`;
}

function Shown({ report }: { report: Report }) {
  const [minutes, setMinutes] = useState(fittingWindow(report.items));
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const all = windowsOf(report.items, minutes);
  const windows = all.slice(0, ROWS_MAX);
  const timeless = report.items.filter(({ at }) => at === null);
  const inTime = report.items.filter(({ at }) => at !== null);
  const sources = [...new Set(inTime.map(({ source }) => source))].sort();
  const inside = (one: Chosen): Item[] =>
    one.begin === null
      ? timeless
      : (windows.find(({ begin }) => begin === one.begin)?.cells.get(one.source) ?? []);
  return (
    <>
      <Facts report={report} />
      <Panel
        title="By source and window"
        actions={
          <>
            {timeless.length > 0 && (
              <button type="button" onClick={() => setChosen({ begin: null, source: "" })}>
                {count(timeless.length)} without a time
              </button>
            )}
            <label class="inline">
              Windows of{" "}
              <select
                value={String(minutes)}
                onChange={(event) => {
                  setMinutes(Number(event.currentTarget.value));
                  setChosen(null);
                }}
              >
                {WINDOWS.map((each) => (
                  <option value={String(each)} key={each}>
                    {spanName(each)}
                  </option>
                ))}
              </select>
            </label>
          </>
        }
      >
        {windows.length ? (
          <HeatMap windows={windows} sources={sources} chosen={chosen} choose={setChosen} />
        ) : (
          <p class="muted">Nothing that it met has a time in its name.</p>
        )}
        {all.length > ROWS_MAX && (
          <p class="hint">
            The newest {ROWS_MAX} of {count(all.length)} windows; longer ones show more.
          </p>
        )}
      </Panel>
      {chosen && <Objects title={titleOf(chosen)} items={inside(chosen)} />}
    </>
  );
}

function Choice() {
  if (reports.value.length < 2) return null;
  return (
    <div class="chips" role="group" aria-label="Scans">
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
  );
}

export function ScansPage() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const report = reports.value.find(({ scan }) => scan === shownName.value);
  return (
    <Page
      title="Scans"
      lead="What a pass found in the buckets, or what the next one would do, by source and window."
      actions={<OpenReport onProblem={setProblem} />}
    >
      {problem && <Trouble problem={problem} />}
      <Choice />
      {report ? (
        <Shown key={report.scan + report.now} report={report} />
      ) : (
        <Empty title="Open the report of a scan">
          <p>
            Scans say what they find to who runs them; the server does not keep it. Have it written
            to a file, and open that here; it does not leave this browser:
          </p>
          <p>
            <code>waybill scan --dry-run --json --definitions DIR &gt; plan.json</code>
          </p>
          <p>
            Also the lines of <code>waybill scan --json</code>, as it goes on: the last pass of each
            scan is shown.
          </p>
        </Empty>
      )}
    </Page>
  );
}
