// A scan: its passes that the server has kept, what each found, and what the next one would do.

import { useState } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";
import { get, path, type Problem, withQuery } from "../api/client";
import type { ScanPass } from "../api/types";
import { problemOf, useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Foreign, Loaded, Page, Panel, Time, Trouble } from "../ui/bits";
import { count, counted, fromAddress } from "../ui/format";
import { Icon } from "../ui/icon";
import { Table } from "../ui/table";
import { type Report, reportOf } from "./scan_report";
import { ShownReport } from "./scan_shown";

/** What a pass did, in a few words. */
export function Outcome({ pass }: { pass: ScanPass }) {
  if (pass.error) {
    return (
      <span class="late">
        <Icon name="warning" /> failed: <Foreign text={pass.error} max={120} />
      </span>
    );
  }
  return (
    <>
      {count(pass.inserted)} scheduled, {count(pass.skipped)} skipped
      {pass.failed > 0 && (
        <span class="late">
          {" "}
          <Icon name="warning" /> {counted(pass.failed, "task")} could not be
        </span>
      )}
    </>
  );
}

function Passes(props: { scan: string; passes: ScanPass[]; chosen: number | undefined }) {
  return (
    <Panel title="Passes that are kept" flush>
      <Table
        caption={`Passes of ${props.scan}`}
        rows={props.passes}
        id={({ number }) => String(number)}
        columns={[
          {
            title: "Pass",
            narrow: "title",
            cell: ({ number }) => (
              <Link
                href={withQuery(`/scans/${encodeURIComponent(props.scan)}`, { pass: number })}
                aria-current={number === props.chosen ? "true" : undefined}
              >
                {number}
                {number === props.chosen && <span class="muted"> · shown</span>}
              </Link>
            ),
          },
          {
            title: "When",
            cell: (pass) => (
              <>
                <Time at={pass.last_at} />
                {pass.passes > 1 && (
                  <div class="small">
                    {counted(pass.passes, "pass", "passes")} that found the same, since{" "}
                    <Time at={pass.first_at} as="local" />
                  </div>
                )}
              </>
            ),
          },
          { title: "Outcome", cell: (pass) => <Outcome pass={pass} /> },
          { title: "Objects", number: true, cell: (pass) => count(pass.objects_listed) },
          { title: "Planned", number: true, cell: (pass) => count(pass.planned) },
        ]}
      />
    </Panel>
  );
}

function OnePass({ scan, number }: { scan: string; number: number }) {
  const pass = useResource(`pass ${scan} ${number}`, (abort) =>
    get<ScanPass>(path("scans", scan, "passes", String(number)), {}, abort),
  );
  return (
    <Loaded of={pass}>
      {(found) =>
        found.report ? (
          <ShownReport key={`${scan} ${number}`} report={reportOf(found.report)} />
        ) : (
          <Panel title={`Pass ${number}`}>
            <Empty title="It failed, and found nothing">
              <p>
                <Foreign text={found.error ?? ""} max={600} />
              </p>
              <p>The next pass tries again.</p>
            </Empty>
          </Panel>
        )
      }
    </Loaded>
  );
}

function DryRun({ scan, take }: { scan: string; take: (plan: Report | null) => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const plan = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const answer = await get<{ report: unknown }>(path("scans", scan, "plan"));
      take(reportOf(answer.report));
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <p class="row above">
        <button type="button" disabled={isBusy} onClick={() => void plan()}>
          <Icon name="scan" /> {isBusy ? "Looking through the buckets…" : "Dry run"}
        </button>
        <span class="muted">What a pass would do now; nothing is written.</span>
      </p>
      {problem && <Trouble problem={problem} />}
    </>
  );
}

function Shown({ scan, passes }: { scan: string; passes: ScanPass[] }) {
  const word = new URLSearchParams(useSearch()).get("pass");
  const [location, navigate] = useLocation();
  const [plan, setPlan] = useState<Report | null>(null);
  const number = word ? Number(word) : passes[0]?.number;
  // Whoever chooses a pass after it looks at that.
  const isPlan = plan !== null && !word;
  const take = (made: Report | null) => {
    setPlan(made);
    navigate(location, { replace: true });
  };
  return (
    <>
      {may("operate") && <DryRun scan={scan} take={take} />}
      {isPlan && plan && (
        <>
          <ShownReport key={plan.now} report={plan} />
          <p class="above">
            <button type="button" onClick={() => setPlan(null)}>
              Back to what passes found
            </button>
          </p>
        </>
      )}
      {!isPlan && number !== undefined && <OnePass scan={scan} number={number} />}
      {passes.length ? (
        <Passes scan={scan} passes={passes} chosen={isPlan ? undefined : number} />
      ) : (
        <Empty title="No pass of it is kept yet">
          <p>
            <code>waybill up</code> and <code>waybill scan</code> keep what they find, on this
            ledger.
          </p>
        </Empty>
      )}
    </>
  );
}

export function ScanPage({ name }: { name: string }) {
  const scan = fromAddress(name);
  const passes = useResource(
    `passes of ${scan}`,
    (abort) => get<{ passes: ScanPass[] }>(path("scans", scan, "passes"), { limit: 50 }, abort),
    { everyMs: 5000 },
  );
  return (
    <Page
      title={scan}
      lead="A scan: what its passes found in the buckets, by source and window."
      actions={
        <>
          <Link
            href={`/tasks?created_by=${encodeURIComponent(`scan:${scan}`)}`}
            class="button"
          >
            Its tasks
          </Link>
          <Link href="/scans" class="button">
            All scans
          </Link>
        </>
      }
    >
      <Loaded of={passes}>{({ passes: all }) => <Shown scan={scan} passes={all} />}</Loaded>
    </Page>
  );
}
