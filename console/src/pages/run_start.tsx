// A pipeline's form: what a run of it takes.

import { useState } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";
import { get, newKey, path, post, type Problem } from "../api/client";
import type { Pipeline, Run } from "../api/runs";
import type { JsonObject } from "../api/types";
import { problemOf, useResource } from "../state/resource";
import { may } from "../state/session";
import { Loaded, Page, Panel } from "../ui/bits";
import { fromAddress } from "../ui/format";
import { Icon } from "../ui/icon";
import { Refused, wrongOf } from "../ui/refused";
import { hasFields, Refusal, SchemaFields } from "../ui/schema_form";
import { RunGraph } from "./run_graph";
import { JsonParams } from "./start";

function StartRun({ pipeline, like }: { pipeline: Pipeline; like: JsonObject }) {
  const [params, setParams] = useState(like);
  const [key, setKey] = useState(newKey());
  const [problem, setProblem] = useState<Problem | null>(null);
  const [, navigate] = useLocation();
  const send = (event: Event) => {
    event.preventDefault();
    post<Run>(path("runs"), { pipeline: pipeline.name, params }, key).then(
      ({ id }) => navigate(`/runs/${id}`),
      (error) => {
        const told = problemOf(error);
        if (told.status >= 400 && told.status < 500) setKey(newKey());
        setProblem(told);
      },
    );
  };
  return (
    <form class="start-form" onSubmit={send}>
      <Panel title="Params">
        <div class="stack">
          {hasFields(pipeline.params) ? (
            <Refusal.Provider value={wrongOf(problem)}>
              <SchemaFields
                schema={pipeline.params}
                value={params}
                onChange={setParams}
                at="/params"
              />
            </Refusal.Provider>
          ) : (
            <JsonParams value={params} onChange={setParams} />
          )}
        </div>
      </Panel>
      <Refused problem={problem} />
      <button type="submit" class="primary" disabled={!may("submit")}>
        <Icon name="play" /> Run {pipeline.name}
      </button>
    </form>
  );
}

export function StartRunPage({ name }: { name: string }) {
  const decoded = fromAddress(name);
  const like = new URLSearchParams(useSearch()).get("like");
  const wanted = useResource(`pipeline ${decoded} ${like}`, async (abort) => {
    const [pipeline, run] = await Promise.all([
      get<Pipeline>(path("pipelines", decoded), {}, abort),
      like ? get<Run>(path("runs", like), {}, abort) : null,
    ]);
    return { pipeline, params: run?.params ?? {} };
  });
  return (
    <Page
      title={`Run ${decoded}`}
      actions={
        <Link href={`/runs?pipeline=${encodeURIComponent(decoded)}`} class="button">
          Its runs
        </Link>
      }
    >
      <Loaded of={wanted}>
        {({ pipeline, params }) => (
          <>
            <Panel title="Graph">
              <RunGraph steps={pipeline.steps} nodes={[]} />
            </Panel>
            <StartRun key={like} pipeline={pipeline} like={params} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
