// The files that a task left behind.

import { get, path, token } from "../api/client";
import type { Artifact, Task } from "../api/types";
import { usePages } from "../state/pages";
import { Foreign, Loaded, Panel } from "../ui/bits";
import { bytes } from "../ui/format";
import { Icon } from "../ui/icon";
import { asResource, MoreBelow, useLongPages } from "../ui/long_pages";
import { saveFrom } from "../ui/save";
import { Table } from "../ui/table";
import { complain } from "../ui/toast";

interface ArtifactPage {
  artifacts: Artifact[];
  next_cursor: string | null;
}

function Download({ artifact }: { artifact: Artifact }) {
  const name = artifact.name.split("/").at(-1)!;
  // A link sends the session's cookie by itself, but no token.
  if (!token.value) {
    return (
      <a href={artifact.url} download={name} class="row">
        <Icon name="download" /> Download
      </a>
    );
  }
  return (
    <button
      type="button"
      class="link"
      onClick={() => void saveFrom(artifact.url, name).catch(complain)}
    >
      <Icon name="download" /> Download
    </button>
  );
}

const PAGE = 200;

export function Artifacts({ task }: { task: Task }) {
  const list = usePages<ArtifactPage>(
    `artifacts ${task.id} ${task.state}`,
    "",
    async (cursor, abort) =>
      task.state === "succeeded"
        ? get(path("tasks", task.id, "artifacts"), { cursor, limit: PAGE }, abort)
        : { artifacts: [], next_cursor: null },
  );
  const long = useLongPages(list, (page) => page.artifacts);
  if (list.problem?.status === 501) return null; // this server keeps none
  if (long.isEnd && !long.rows.length) return null;
  if (task.state !== "succeeded") return null;
  return (
    <Panel title="Artifacts" flush>
      <Loaded of={asResource(list, long)}>
        {(artifacts) => (
          <Table
            caption="Artifacts"
            rows={artifacts}
            id={(artifact) => artifact.name}
            isEnd={long.isEnd}
            onLook={long.look}
            columns={[
              {
                title: "Name",
                narrow: "title",
                cell: ({ name }) => <Foreign text={name} max={120} />,
              },
              { title: "Size", number: true, cell: ({ size_bytes }) => bytes(size_bytes) },
              { title: "Type", cell: ({ media_type }) => media_type },
              {
                title: "SHA-256",
                cell: ({ sha256 }) => (
                  <span class="mono" title={sha256}>
                    {sha256.slice(0, 16)}…
                  </span>
                ),
              },
              { title: "File", cell: (artifact) => <Download artifact={artifact} /> },
            ]}
          />
        )}
      </Loaded>
      <MoreBelow list={list} of={long} what="artifact" />
    </Panel>
  );
}
