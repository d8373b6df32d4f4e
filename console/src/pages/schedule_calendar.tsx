// When schedules fire in the weeks to come, as a calendar in the reader's zone.

import { Link } from "wouter-preact";
import type { Schedule } from "../api/types";
import { Panel, useNow } from "../ui/bits";
import { duration, utcTime } from "../ui/format";

/** As many of the next times as the server tells of one schedule. */
export const FIRES = 100;
const WEEKS = 4;
const SHOWN = 4; // of a day
const DAY_MS = 86_400_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const dayName = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
});

function startOfDay(ms: number): Date {
  const day = new Date(ms);
  day.setHours(0, 0, 0, 0);
  return day;
}

/** Days of other lengths, as the clock is put forward or back, are days too. */
function plusDays(day: Date, days: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days);
}

/** 1 for Monday to 7: where the reader's weeks begin, as far as the browser knows. */
function firstWeekday(): number {
  const locale = new Intl.Locale(navigator.language) as Intl.Locale & {
    weekInfo?: { firstDay: number };
    getWeekInfo?: () => { firstDay: number };
  };
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
}

interface Entry {
  name: string;
  fires: string[];
  /** There may be more on this day: the server tells of no later ones. */
  goesOn: boolean;
  /** "every 15 min", where the times that are told are as far apart. */
  rhythm: string;
}

export interface Day {
  begin: Date;
  entries: Entry[];
}

function rhythmOf(fires: string[]): string {
  const times = fires.map((fire) => Date.parse(fire));
  const gaps = new Set(times.slice(1).map((time, index) => time - times[index]!));
  const [gap] = gaps;
  if (gaps.size !== 1 || !gap) return "";
  return gap === 60_000 ? "every minute" : `every ${duration(gap)}`;
}

/** Whether it fires on each day: neither days, months nor weekdays are chosen. */
function isDaily({ cron }: Schedule): boolean {
  const fields = cron.trim().split(/\s+/);
  return fields.length >= 5 && fields.slice(-3).every((field) => field === "*" || field === "?");
}

function entryOf(schedule: Schedule, begin: Date, end: Date): Entry | null {
  const all = schedule.next_fires;
  const isInside = (fire: string) => Date.parse(fire) >= +begin && Date.parse(fire) < +end;
  const fires = all.filter(isInside);
  const last = all.length >= FIRES ? Date.parse(all[all.length - 1]!) : Infinity;
  const goesOn = last < +end;
  if (!fires.length && !(goesOn && isDaily(schedule))) return null;
  return { name: schedule.name, fires, goesOn, rhythm: goesOn ? rhythmOf(all) : "" };
}

export function daysOf(schedules: Schedule[], now: number, weeks = WEEKS): Day[] {
  const today = startOfDay(now);
  const behind = ((today.getDay() || 7) - firstWeekday() + 7) % 7;
  return Array.from({ length: weeks * 7 }, (_, index) => {
    const begin = plusDays(today, index - behind);
    const end = plusDays(begin, 1);
    const isPast = +end <= now;
    const entries = schedules.flatMap((each) => (isPast ? [] : (entryOf(each, begin, end) ?? [])));
    // What is known by its rhythm alone comes last.
    const first = ({ fires }: Entry) => fires[0] ?? "~";
    entries.sort((a, b) => first(a).localeCompare(first(b)));
    return { begin, entries };
  });
}

function whenOf({ fires, goesOn, rhythm }: Entry): string {
  if (rhythm) return rhythm;
  if (!fires.length) return "goes on";
  if (fires.length === 1 && !goesOn) return clock.format(new Date(fires[0]!));
  return `${fires.length}${goesOn ? " or more" : ""} times`;
}

function Fires({ entry }: { entry: Entry }) {
  const times = entry.fires.map(utcTime);
  const title = times.length > 12 || entry.goesOn ? [...times.slice(0, 12), "…"] : times;
  return (
    <li>
      <Link
        href={`/schedules?name=${encodeURIComponent(entry.name)}`}
        title={title.join("\n")}
      >
        <span class="fire-time">{whenOf(entry)}</span> {entry.name}
      </Link>
    </li>
  );
}

function DayCell({ day, now }: { day: Day; now: number }) {
  const end = plusDays(day.begin, 1);
  const isToday = +day.begin <= now && now < +end;
  const kind = isToday ? "today" : +end <= now ? "past" : "";
  const rest = day.entries.length - SHOWN;
  return (
    <li class={`day ${kind} ${day.entries.length ? "" : "nothing"}`}>
      <h3>
        <span class="unseen">{longDay.format(day.begin)}</span>
        <span aria-hidden="true">
          <span class="day-name">{weekday.format(day.begin)}</span> {dayName.format(day.begin)}
        </span>
        {isToday && <span class="today-word"> today</span>}
      </h3>
      {day.entries.length > 0 && (
        <ul>
          {day.entries.slice(0, SHOWN).map((entry) => (
            <Fires entry={entry} key={entry.name} />
          ))}
          {rest > 0 && (
            <li>
              <details>
                <summary>{rest} more</summary>
                <ul>
                  {day.entries.slice(SHOWN).map((entry) => (
                    <Fires entry={entry} key={entry.name} />
                  ))}
                </ul>
              </details>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

/** Those of which the calendar shows the beginning only. */
function Frequent({ schedules, end }: { schedules: Schedule[]; end: Date }) {
  const names = schedules.flatMap(({ name, next_fires: fires }) =>
    fires.length >= FIRES && Date.parse(fires[FIRES - 1]!) < +end ? [name] : [],
  );
  if (!names.length) return null;
  const shown = names.slice(0, 10).join(", ");
  return (
    <p class="hint">
      The server tells the next {FIRES} times of each. Of{" "}
      {names.length > 10 ? `${shown} and ${names.length - 10} more` : shown} there are more: later
      days say how often they go on, or, where their cron chooses days, nothing.
    </p>
  );
}

export function Calendar({ schedules }: { schedules: Schedule[] }) {
  const now = useNow(DAY_MS);
  const days = daysOf(schedules, now);
  if (!days.some(({ entries }) => entries.length)) return null;
  return (
    <Panel title="This week and the next three">
      <ol class="calendar">
        {days.map((day) => (
          <DayCell key={+day.begin} day={day} now={now} />
        ))}
      </ol>
      <Frequent schedules={schedules} end={plusDays(days[days.length - 1]!.begin, 1)} />
    </Panel>
  );
}
