// Who runs tasks, and what they hold.

import { get } from "../api/client";
import type { Worker } from "../api/types";
import { useResource } from "../state/resource";
import { Empty, Foreign, Loaded, Page, TaskLink, Time } from "../ui/bits";
import { count } from "../ui/format";
import { Table } from "../ui/table";

function Holds({ worker }: { worker: Worker }) {
  if (!worker.tasks.length) return <span class="muted">nothing</span>;
  return (
    <span class="row">
      {worker.tasks.slice(0, 6).map((id) => (
        <TaskLink id={id} key={id} />
      ))}
      {worker.tasks.length > 6 && <span class="muted">and {worker.tasks.length - 6} more</span>}
    </span>
  );
}

export function WorkersPage() {
  const workers = useResource(
    "workers",
    (abort) => get<{ workers: Worker[] }>("/v1/workers", {}, abort),
    { on: ({ happening }) => happening === "claimed", everyMs: 4000 },
  );
  return (
    <Page title="Workers" lead="Those that were seen lately.">
      <Loaded of={workers}>
        {({ workers: all }) =>
          all.length ? (
            <Table
              caption="Workers"
              rows={all}
              id={({ name }) => name}
              columns={[
                {
                  title: "Worker",
                  narrow: "title",
                  cell: (worker) => (
                    <span class="whole">
                      <Foreign text={worker.name} max={60} />
                    </span>
                  ),
                },
                {
                  title: "Slots",
                  cell: (worker) => (
                    <span class="slots">
                      <meter
                        min={0}
                        max={Math.max(1, worker.slots)}
                        value={worker.busy}
                        aria-label={`Slots in use of ${worker.name}`}
                      />
                      {count(worker.busy)} of {count(worker.slots)}
                    </span>
                  ),
                },
                { title: "Holds", cell: (worker) => <Holds worker={worker} /> },
                { title: "Queues", cell: ({ queues }) => queues.join(", ") || "every" },
                { title: "Kinds", cell: ({ kinds }) => kinds.join(", ") || "every" },
                {
                  title: "Host",
                  cell: (worker) => (
                    <span class="whole">
                      <Foreign text={`${worker.host} ${worker.process_id}`} max={60} />
                    </span>
                  ),
                },
                {
                  title: "Version",
                  cell: ({ version }) => version && <Foreign text={version} max={30} />,
                },
                { title: "Seen", cell: (worker) => <Time at={worker.seen_at} as="relative" /> },
                { title: "Began", cell: (worker) => <Time at={worker.started_at} as="relative" /> },
              ]}
            />
          ) : (
            <Empty title="No worker is there">
              <p>Ready tasks wait until one comes. Start one on this ledger's machine:</p>
              <p>
                <code>waybill worker</code>
              </p>
              <p>
                or anywhere: <code>waybill worker --server URL</code>, or write your own in any
                language.
              </p>
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}
