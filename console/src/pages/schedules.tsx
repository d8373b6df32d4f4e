// What makes tasks at its times, by the day on which it fires next.

import { Link } from "wouter-preact";
import { get } from "../api/client";
import type { Schedule } from "../api/types";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Foreign, Loaded, Page, Panel, Time } from "../ui/bits";
import { Icon } from "../ui/icon";
import { Table } from "../ui/table";

const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

function byDay(schedules: Schedule[]): [string, Schedule[]][] {
  const days = new Map<string, Schedule[]>();
  const sorted = [...schedules].sort((a, b) => (a.next ?? "~").localeCompare(b.next ?? "~"));
  for (const schedule of sorted) {
    const title = schedule.paused
      ? "Paused"
      : schedule.next
        ? day.format(new Date(schedule.next))
        : "Never again";
    days.set(title, [...(days.get(title) ?? []), schedule]);
  }
  return [...days];
}

function Day({ title, schedules }: { title: string; schedules: Schedule[] }) {
  return (
    <Panel title={title} flush>
      <Table
        caption={`Schedules: ${title}`}
        rows={schedules}
        id={({ name }) => name}
        columns={[
          { title: "Schedule", narrow: "title", cell: ({ name }) => name },
          { title: "Next", cell: ({ next }) => <Time at={next} /> },
          {
            title: "When",
            cell: ({ cron, zone }) => (
              <>
                <code>{cron}</code> <span class="muted">{zone}</span>
              </>
            ),
          },
          {
            title: "Makes",
            cell: ({ task }) =>
              task.definition ? (
                <Link href={`/definitions/${encodeURIComponent(task.definition)}`}>
                  {task.definition}
                </Link>
              ) : (
                task.kind
              ),
          },
          { title: "Catch-up", cell: ({ catch_up }) => catch_up },
          { title: "From", cell: ({ source }) => <Foreign text={source} max={60} /> },
          {
            title: "Action",
            cell: (schedule) =>
              may("submit") &&
              schedule.task.definition && (
                <Link href={`/start?schedule=${encodeURIComponent(schedule.name)}`} class="button">
                  <Icon name="play" /> Run now…
                </Link>
              ),
          },
          {
            title: "Tasks",
            cell: ({ name }) => (
              <Link href={`/tasks?created_by=${encodeURIComponent(`schedule:${name}`)}`}>
                its tasks
              </Link>
            ),
          },
        ]}
      />
    </Panel>
  );
}

export function SchedulesPage() {
  const schedules = useResource(
    "schedules",
    (abort) => get<{ schedules: Schedule[] }>("/v1/schedules", {}, abort),
    { everyMs: 15_000 },
  );
  return (
    <Page
      title="Schedules"
      lead="By the day of the next fire. waybill schedule pause and resume hold them."
    >
      <Loaded of={schedules}>
        {({ schedules: all }) =>
          all.length ? (
            <>
              {byDay(all).map(([title, some]) => (
                <Day key={title} title={title} schedules={some} />
              ))}
            </>
          ) : (
            <Empty title="There are no schedules">
              <p>
                A definitions file has them: <code>schedules:</code> with a cron expression and a
                task.
              </p>
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}
