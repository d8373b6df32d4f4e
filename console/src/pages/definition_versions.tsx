// How a definition was written before: its versions, what differs between two of them, and what was
// made of each.

import { Link, useLocation, useSearch } from "wouter-preact";
import { get, path, withQuery } from "../api/client";
import type { DefinitionVersion } from "../api/types";
import { useResource } from "../state/resource";
import { Empty, Foreign, Loaded, Panel, Time } from "../ui/bits";
import { DiffView } from "../ui/diff_view";
import { JsonView } from "../ui/json";
import { Table } from "../ui/table";
import { placeOf } from "./definition_place";

export type MapName = "definitions" | "pipelines";

const textOf = (version: DefinitionVersion) => JSON.stringify(version.definition, null, 2);
const nameOf = (version: DefinitionVersion) => `Version ${version.number}`;

/** Tasks or runs that were made while a version was held. */
function madeOf(map: MapName, name: string, all: DefinitionVersion[], at: number): string {
  const isPipeline = map === "pipelines";
  return withQuery(isPipeline ? "/runs" : "/tasks", {
    [isPipeline ? "pipeline" : "definition"]: name,
    created_after: all[at]!.since,
    created_before: all[at - 1]?.since,
  });
}

function Choice(props: {
  label: string;
  all: DefinitionVersion[];
  value: number;
  set: (number: number) => void;
}) {
  return (
    <label class="inline">
      {props.label}{" "}
      <select
        value={String(props.value)}
        onChange={(event) => props.set(Number(event.currentTarget.value))}
      >
        {props.all.map((version) => (
          <option key={version.number} value={String(version.number)}>
            {nameOf(version)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Which two are held against one another stands in the address. */
function useChosen(all: DefinitionVersion[]) {
  const words = new URLSearchParams(useSearch());
  const [location, navigate] = useLocation();
  const named = (word: string) => all.find(({ number }) => String(number) === words.get(word));
  const now = named("new") ?? all[0]!;
  const old = named("old") ?? all[all.indexOf(now) + 1] ?? now;
  const choose = (oldNumber: number, newNumber: number) =>
    navigate(withQuery(location, { old: oldNumber, new: newNumber }), { replace: true });
  return { old, now, choose };
}

function Difference({ all }: { all: DefinitionVersion[] }) {
  const { old, now, choose } = useChosen(all);
  return (
    <Panel
      title="What differs"
      flush
      actions={
        <>
          <Choice
            label="Old"
            all={all}
            value={old.number}
            set={(number) => choose(number, now.number)}
          />
          <Choice
            label="New"
            all={all}
            value={now.number}
            set={(number) => choose(old.number, number)}
          />
        </>
      }
    >
      <DiffView old={textOf(old)} now={textOf(now)} heads={[nameOf(old), nameOf(now)]} />
    </Panel>
  );
}

function Shown(props: { map: MapName; name: string; all: DefinitionVersion[] }) {
  const { map, name, all } = props;
  if (!all.length) {
    return (
      <Panel title="Versions">
        <Empty title="No version of it is kept yet">
          <p>A server that reads its definitions anew keeps what they say.</p>
        </Empty>
      </Panel>
    );
  }
  return (
    <>
      {all.length > 1 && <Difference all={all} />}
      <Panel title="Versions" flush>
        <Table
          caption={`Versions of ${name}`}
          rows={all}
          id={({ number }) => String(number)}
          columns={[
            {
              title: "Version",
              narrow: "title",
              cell: (version) => (
                <>
                  {version.number}
                  {version === all[0] && <span class="muted"> · the newest</span>}
                </>
              ),
            },
            { title: "Since", cell: ({ since }) => <Time at={since} /> },
            {
              title: "From",
              cell: ({ source }) => <Foreign text={placeOf(source)} max={200} />,
            },
            {
              title: "Made of it",
              cell: (version) => (
                <Link href={madeOf(map, name, all, all.indexOf(version))}>
                  {map === "pipelines" ? "runs" : "tasks"}
                  <span class="unseen"> of version {version.number}</span>
                </Link>
              ),
            },
            {
              title: "Text",
              cell: (version) => (
                <details>
                  <summary>
                    as written<span class="unseen">, version {version.number}</span>
                  </summary>
                  <JsonView value={version.definition} />
                </details>
              ),
            },
          ]}
        />
      </Panel>
    </>
  );
}

export function Versions({ map, name }: { map: MapName; name: string }) {
  const versions = useResource(
    `versions of ${map} ${name}`,
    (abort) =>
      get<{ versions: DefinitionVersion[] }>(path(map, name, "versions"), { limit: 100 }, abort),
    { everyMs: 15_000 },
  );
  return (
    <Loaded of={versions}>
      {({ versions: all }) => <Shown map={map} name={name} all={all} />}
    </Loaded>
  );
}
