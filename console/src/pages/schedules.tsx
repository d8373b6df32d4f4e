// What makes tasks at its times: when, what it owes, and what holds it.

import { Link, useSearch } from "wouter-preact";
import { get } from "../api/client";
import type { Schedule } from "../api/types";
import { useResource } from "../state/resource";
import { Empty, Foreign, Loaded, Page, Panel, Time, useNow } from "../ui/bits";
import { counted } from "../ui/format";
import { Icon } from "../ui/icon";
import { Table } from "../ui/table";
import { ScheduleActions } from "./schedule_actions";
import { Calendar, FIRES } from "./schedule_calendar";

/** What is owed of the times that passed while nobody looked. */
const CATCH_UP: Record<string, string> = {
  none: "none",
  one: "the last",
  all: "each",
};
const DAYLIGHT: Record<string, string> = {
  skip: "not at times that the clocks leave out or repeat",
  both: "twice where the clocks repeat an hour",
};
/** Schedules are looked at each second: what is later than this is being caught up. */
const LATE_MS = 60_000;

function Held({ schedule }: { schedule: Schedule }) {
  const { pause } = schedule;
  if (!schedule.paused) return null;
  return (
    <div class="held">
      <span class="state state-failed">
        <Icon name="pause" />
        paused
      </span>{" "}
      {pause?.at ? (
        <span class="muted">
          by <Foreign text={pause.by} max={60} />, <Time at={pause.at} as="relative" />
        </span>
      ) : (
        <span class="muted">by its definition: it goes on when that is changed</span>
      )}
      {pause?.at && pause.reason && (
        <p>
          <Foreign text={pause.reason} max={200} />
        </p>
      )}
    </div>
  );
}

function Next({ schedule }: { schedule: Schedule }) {
  const now = useNow();
  const { next } = schedule;
  if (!next) return <span class="muted">{schedule.paused ? "held" : "never again"}</span>;
  const isLate = now - Date.parse(next) > LATE_MS;
  return (
    <>
      <Time at={next} />
      {isLate && (
        <p class="late">
          <Icon name="warning" /> catching up: what is owed since then comes one by one
        </p>
      )}
    </>
  );
}

function CatchUp({ schedule }: { schedule: Schedule }) {
  const { catch_up, handled_until } = schedule;
  return (
    <div>
      {CATCH_UP[catch_up] ?? catch_up} of those missed
      {handled_until && (
        <div class="small">
          settled until <Time at={handled_until} as="local" />
        </div>
      )}
    </div>
  );
}

function fileOf(source: string): string {
  return source.slice(source.lastIndexOf("/") + 1);
}

function Makes({ task }: Schedule) {
  return task.definition ? (
    <Link href={`/definitions/${encodeURIComponent(task.definition)}`}>{task.definition}</Link>
  ) : (
    <>{task.kind}</>
  );
}

function ScheduleTable(props: { schedules: Schedule[]; onChange: () => void }) {
  return (
    <Table
      caption="Schedules"
      rows={props.schedules}
      id={({ name }) => name}
      columns={[
        {
          title: "Schedule",
          narrow: "title",
          cell: (schedule) => (
            <div>
              <Link href={`/tasks?created_by=${encodeURIComponent(`schedule:${schedule.name}`)}`}>
                {schedule.name}
                <span class="unseen">: its tasks</span>
              </Link>{" "}
              <span class="from" title={schedule.source}>
                <Foreign text={fileOf(schedule.source)} max={40} />
              </span>
              <Held schedule={schedule} />
            </div>
          ),
        },
        {
          title: "Next",
          cell: (schedule) => (
            <div class="wraps">
              <Next schedule={schedule} />
            </div>
          ),
        },
        {
          title: "When",
          cell: ({ cron, zone, daylight }) => (
            <span title={DAYLIGHT[daylight] ?? ""}>
              <code class="cron">{cron}</code> <span class="muted">{zone}</span>
            </span>
          ),
        },
        { title: "Makes", cell: Makes },
        { title: "Catch-up", cell: (schedule) => <CatchUp schedule={schedule} /> },
        {
          title: "Action",
          cell: (schedule) => <ScheduleActions schedule={schedule} onChange={props.onChange} />,
        },
      ]}
    />
  );
}

function byNext(schedules: Schedule[]): Schedule[] {
  const place = ({ paused, next }: Schedule) => (paused ? "~~" : (next ?? "~"));
  return [...schedules].sort((a, b) => place(a).localeCompare(place(b)));
}

export function SchedulesPage() {
  const name = new URLSearchParams(useSearch()).get("name");
  const schedules = useResource(
    "schedules",
    (abort) => get<{ schedules: Schedule[] }>("/v1/schedules", { next: FIRES }, abort),
    { everyMs: 15_000 },
  );
  return (
    <Page
      title="Schedules"
      lead="What makes tasks at its times, and when; in your own time zone, with the UTC on hover."
    >
      <Loaded of={schedules}>
        {({ schedules: all }) => {
          const shown = byNext(all.filter((each) => !name || each.name === name));
          if (!all.length) {
            return (
              <Empty title="There are no schedules">
                <p>
                  A definitions file has them: <code>schedules:</code> with a cron expression and a
                  task.
                </p>
              </Empty>
            );
          }
          return (
            <>
              {name && (
                <p class="only">
                  Only {name}. <Link href="/schedules">All {counted(all.length, "schedule")}</Link>
                </p>
              )}
              {shown.length ? (
                <>
                  <Calendar schedules={shown} />
                  <Panel title="By the next time" flush>
                    <ScheduleTable schedules={shown} onChange={schedules.reload} />
                  </Panel>
                </>
              ) : (
                <Empty title="There is no schedule of this name" />
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
