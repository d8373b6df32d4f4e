// Named recipes of tasks: what they run, what they take, who may.

import { Link } from "wouter-preact";
import { get, path } from "../api/client";
import type { Pipeline } from "../api/runs";
import type { Definition, DefinitionSource } from "../api/types";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Foreign, Labels, Loaded, Page, Panel } from "../ui/bits";
import { fromAddress } from "../ui/format";
import { Icon } from "../ui/icon";
import { JsonView } from "../ui/json";
import { Table } from "../ui/table";
import { placeOf } from "./definition_place";
import { Versions } from "./definition_versions";

function StartLink({ name }: { name: string }) {
  if (!may("submit")) return null;
  return (
    <Link href={`/start?definition=${encodeURIComponent(name)}`} class="button">
      <Icon name="start" /> Start
      <span class="unseen"> {name}</span>
    </Link>
  );
}

/** The commit, or the file where it is of none; all of it on hover. */
function From({ source }: { source: DefinitionSource }) {
  const file = source.file.slice(source.file.lastIndexOf("/") + 1);
  return (
    <span title={placeOf(source)}>
      <Foreign text={file} max={40} />
      {source.commit && <code> {source.commit.slice(0, 12)}</code>}
    </span>
  );
}

export function DefinitionsPage() {
  const definitions = useResource("definitions", (abort) =>
    get<{ definitions: Definition[] }>("/v1/definitions", {}, abort),
  );
  return (
    <Page title="Definitions" lead="What tasks can be made from, as the server has read it.">
      <Loaded of={definitions}>
        {({ definitions: all }) =>
          all.length ? (
            <Table
              caption="Definitions"
              rows={all}
              id={({ name }) => name}
              columns={[
                {
                  title: "Definition",
                  narrow: "title",
                  cell: ({ name }) => (
                    <Link href={`/definitions/${encodeURIComponent(name)}`}>{name}</Link>
                  ),
                },
                { title: "Kind", cell: ({ kind }) => kind },
                { title: "Queue", cell: ({ queue }) => queue },
                { title: "Priority", number: true, cell: ({ priority }) => priority },
                { title: "Time limit", cell: ({ timeout }) => timeout ?? "none" },
                { title: "Failures", number: true, cell: ({ retry }) => retry.failures },
                {
                  title: "From",
                  cell: ({ source }) => source && <From source={source} />,
                },
                { title: "Labels", cell: ({ labels }) => <Labels labels={labels} /> },
                { title: "Action", cell: ({ name }) => <StartLink name={name} /> },
              ]}
            />
          ) : (
            <Empty title="The server has no definitions">
              <p>
                Write them into a directory and start it with <code>--definitions DIR</code>.
              </p>
            </Empty>
          )
        }
      </Loaded>
      {__RUNS__ && <Pipelines />}
    </Page>
  );
}

function Pipelines() {
  const pipelines = useResource("pipelines", (abort) =>
    get<{ pipelines: Pipeline[] }>("/v1/pipelines", {}, abort),
  );
  return (
    <Loaded of={pipelines}>
      {({ pipelines: all }) =>
        all.length > 0 && (
          <Panel title="Pipelines" flush>
            <Table
              caption="Pipelines"
              rows={all}
              id={({ name }) => name}
              columns={[
                {
                  title: "Pipeline",
                  narrow: "title",
                  cell: ({ name }) => (
                    <Link href={`/pipelines/${encodeURIComponent(name)}`}>{name}</Link>
                  ),
                },
                {
                  title: "Runs",
                  cell: ({ name }) => (
                    <Link href={`/runs?pipeline=${encodeURIComponent(name)}`}>
                      its runs<span class="unseen"> of {name}</span>
                    </Link>
                  ),
                },
              ]}
            />
          </Panel>
        )
      }
    </Loaded>
  );
}

function Shown({ definition }: { definition: Definition }) {
  const { may: mine, retry } = definition;
  return (
    <>
      {mine && (
        <div class={mine.start === true ? "trouble good" : "trouble"}>
          <Icon name={mine.start === true ? "check" : "warning"} />
          <p>
            <Foreign text={mine.because} max={600} />
          </p>
        </div>
      )}
      <div class="columns">
        <Panel title="Facts">
          <dl class="facts">
            <div>
              <dt>Kind</dt>
              <dd>{definition.kind}</dd>
            </div>
            <div>
              <dt>Queue</dt>
              <dd>
                <Link href={`/tasks?queue=${encodeURIComponent(definition.queue)}`}>
                  {definition.queue}
                </Link>
              </dd>
            </div>
            <div>
              <dt>Priority</dt>
              <dd>{definition.priority}</dd>
            </div>
            <div>
              <dt>Time limit</dt>
              <dd>{definition.timeout ?? "none"}</dd>
            </div>
            <div>
              <dt>Tried again</dt>
              <dd>
                up to {retry.failures} failures, backoff {retry.backoff} to {retry.backoff_max}
              </dd>
            </div>
            {definition.source && (
              <div>
                <dt>From</dt>
                <dd>
                  <Foreign text={placeOf(definition.source)} max={300} />
                </dd>
              </div>
            )}
            {Object.keys(definition.labels).length > 0 && (
              <div>
                <dt>Labels</dt>
                <dd>
                  <Labels labels={definition.labels} />
                </dd>
              </div>
            )}
          </dl>
        </Panel>
        <Panel title="Spec">
          <JsonView value={definition.spec} />
        </Panel>
        <Panel title="Schema of the params">
          {definition.params_schema ? (
            <JsonView value={definition.params_schema} />
          ) : (
            <p class="muted">Any object will do.</p>
          )}
        </Panel>
      </div>
    </>
  );
}

export function DefinitionPage({ name }: { name: string }) {
  const decoded = fromAddress(name);
  const definition = useResource(`definition ${decoded}`, (abort) =>
    get<Definition>(path("definitions", decoded), {}, abort),
  );
  return (
    <Page
      title={decoded}
      actions={
        <>
          <Link href={`/tasks?definition=${encodeURIComponent(decoded)}`} class="button">
            Its tasks
          </Link>
          <StartLink name={decoded} />
        </>
      }
    >
      <Loaded of={definition}>{(found) => <Shown definition={found} />}</Loaded>
      <Versions map="definitions" name={decoded} />
    </Page>
  );
}
