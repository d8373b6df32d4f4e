// A pipeline as it is written now, and as it was.

import { Link } from "wouter-preact";
import { get, path } from "../api/client";
import type { Pipeline } from "../api/runs";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { Loaded, Page, Panel } from "../ui/bits";
import { fromAddress } from "../ui/format";
import { Icon } from "../ui/icon";
import { JsonView } from "../ui/json";
import { Versions } from "./definition_versions";

export function PipelinePage({ name }: { name: string }) {
  const decoded = fromAddress(name);
  const pipeline = useResource(`pipeline ${decoded}`, (abort) =>
    get<Pipeline>(path("pipelines", decoded), {}, abort),
  );
  return (
    <Page
      title={decoded}
      lead="A pipeline: its steps, and how it was written before."
      actions={
        <>
          <Link href={`/runs?pipeline=${encodeURIComponent(decoded)}`} class="button">
            Its runs
          </Link>
          {may("submit") && (
            <Link href={`/start-run/${encodeURIComponent(decoded)}`} class="button">
              <Icon name="start" /> Run
            </Link>
          )}
        </>
      }
    >
      <Loaded of={pipeline}>
        {(found) => (
          <Panel title="As the server has read it">
            <JsonView value={found as never} />
          </Panel>
        )}
      </Loaded>
      <Versions map="pipelines" name={decoded} />
    </Page>
  );
}
