// The files that a task left behind.

import { get, path, token } from "../api/client";
import type { Artifact, Task } from "../api/types";
import { useResource } from "../state/resource";
import { Foreign, Loaded, Panel } from "../ui/bits";
import { bytes } from "../ui/format";
import { Icon } from "../ui/icon";
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

export function Artifacts({ task }: { task: Task }) {
  const artifacts = useResource(`artifacts ${task.id} ${task.state}`, async (abort) =>
    task.state === "succeeded"
      ? get<ArtifactPage>(path("tasks", task.id, "artifacts"), { limit: 200 }, abort)
      : { artifacts: [], next_cursor: null },
  );
  if (artifacts.problem?.status === 501) return null; // this server keeps none
  if (artifacts.data && !artifacts.data.artifacts.length) return null;
  if (task.state !== "succeeded") return null;
  return (
    <Panel title="Artifacts" flush>
      <Loaded of={artifacts}>
        {(page) => (
          <>
            <Table
              caption="Artifacts"
              rows={page.artifacts}
              id={(artifact) => artifact.name}
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
            {page.next_cursor && (
              <p class="hint pad">
                More than 200: <code>waybill artifact list {task.id}</code> has all of them.
              </p>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}
