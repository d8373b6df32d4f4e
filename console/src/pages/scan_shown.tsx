// The report of a pass, or of a dry run: facts, the heat map, the objects of a cell.

import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { Foreign, Panel, Time } from "../ui/bits";
import { count, counted } from "../ui/format";
import { Icon } from "../ui/icon";
import { type Chosen, HeatMap, Legend, Objects, windowName } from "./scan_heat";
import { fittingWindow, type Item, type Report, WINDOWS, windowsOf } from "./scan_report";

const ROWS_MAX = 400;

function spanName(minutes: number): string {
  if (minutes === 1440) return "a day";
  return minutes < 60 ? `${minutes} minutes` : counted(minutes / 60, "hour");
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
          {count(report.unnamed)} more were skipped: a report names the first of them.
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

export function ShownReport({ report }: { report: Report }) {
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
