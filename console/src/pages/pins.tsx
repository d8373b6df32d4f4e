// What is kept on IPFS: leases that hold, what the node says it holds, collections and their index.

import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { get, post } from "../api/client";
import { type JsonObject, LIVE, type Task, type TaskPage } from "../api/types";
import { usePages } from "../state/pages";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { Copy, Empty, Foreign, Loaded, Page, Panel, StateBadge, TaskLink, Time } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { counted, span } from "../ui/format";
import { Icon } from "../ui/icon";
import { asResource, MoreBelow, useLongPages } from "../ui/long_pages";
import { Table } from "../ui/table";
import { complain, say } from "../ui/toast";

interface Collection {
  id: string;
  url: string | null;
  title: string;
  index_cid: string | null;
  indexed_at: string | null;
  changed_at: string;
}

interface Pin {
  name: string;
  cid: string;
  held: string;
  task: string;
}

const CID_SHOWN = 24;

const textIn = (fields: JsonObject, name: string) =>
  typeof fields[name] === "string" ? (fields[name] as string) : "";
/** Fields of such a task stand in its spec, its params, or both. */
const fieldsOf = (task: Task): JsonObject => ({ ...task.spec, ...task.params });

function Cid({ cid }: { cid: string }) {
  if (!cid) return <span class="muted">–</span>;
  return (
    <span class="mono cid" title={cid}>
      {cid.length > CID_SHOWN ? `${cid.slice(0, 12)}…${cid.slice(-8)}` : <Foreign text={cid} />}
      <Copy text={cid} what={`the CID ${cid}`} />
    </span>
  );
}

function HeldUntil({ task }: { task: Task }) {
  const fields = fieldsOf(task);
  const until = textIn(fields, "until");
  const time = textIn(fields, "for");
  const copies = fields["copies"];
  if (!until && !time && typeof copies !== "number") return <>for good</>;
  return (
    <>
      {until && <Time at={until} />}
      {!until && time && <>for {span(time) || time} from its making on</>}
      {typeof copies === "number" && (
        <div>
          {until || time ? "or " : ""}
          {counted(copies, "other has it", "others have it")}
        </div>
      )}
    </>
  );
}

const nameOf = (task: Task) => textIn(fieldsOf(task), "name") || task.id;

/** A cancel would leave the pin: a task of its own takes it away. */
function EndLease({ task, onDone }: { task: Task; onDone: () => void }) {
  const [isAsked, setAsked] = useState(false);
  if (!may("operate")) return null;
  const end = () => {
    setAsked(false);
    post("/v1/tasks", { kind: "ipfs.unpin", spec: {}, params: { name: nameOf(task) } }).then(
      () => {
        say("A task ends the lease; what nothing else holds is unpinned");
        onDone();
      },
      complain,
    );
  };
  return (
    <>
      <button type="button" onClick={() => setAsked(true)}>
        End it<span class="unseen"> {nameOf(task)}</span>
      </button>
      {isAsked && (
        <Dialog title="End this lease?" onClose={() => setAsked(false)}>
          <p>
            A task of kind <code>ipfs.unpin</code> ends the leases of the name{" "}
            <Foreign text={nameOf(task)} max={80} />, and unpins what no other one holds.
          </p>
          <div class="row end">
            <button type="button" onClick={() => setAsked(false)}>
              Leave it
            </button>
            <button type="button" class="danger" onClick={end}>
              End the lease
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

const PAGE = 100;

function Leases() {
  const list = usePages<TaskPage>(
    "pin leases",
    "",
    (cursor, abort) =>
      get("/v1/tasks", { kind: "ipfs.pin", state: LIVE, cursor, limit: PAGE }, abort),
    { on: () => true, everyMs: 15_000 },
  );
  const long = useLongPages(list, (page) => page.tasks);
  return (
    <Panel
      title="Leases that hold"
      flush
      actions={<Link href="/tasks?kind=ipfs.pin">all tasks that pin</Link>}
    >
      <Loaded of={asResource(list, long)}>
        {(tasks) =>
          tasks.length ? (
            <Table
              caption="Leases"
              rows={tasks}
              id={({ id }) => id}
              isEnd={long.isEnd}
              onLook={long.look}
              columns={[
                {
                  title: "Name",
                  narrow: "title",
                  cell: (task) => <Foreign text={nameOf(task)} max={80} />,
                },
                { title: "CID", cell: (task) => <Cid cid={textIn(fieldsOf(task), "cid")} /> },
                { title: "Until", cell: (task) => <HeldUntil task={task} /> },
                { title: "Stands", cell: ({ state }) => <StateBadge state={state} /> },
                { title: "Task", cell: ({ id }) => <TaskLink id={id} /> },
                {
                  title: "Action",
                  cell: (task) => <EndLease task={task} onDone={list.reload} />,
                },
              ]}
            />
          ) : (
            long.isEnd && (
              <Empty title="No lease holds a tree">
                <p>
                  A task of kind <code>ipfs.pin</code> with a time or a number of copies is one.
                </p>
              </Empty>
            )
          )
        }
      </Loaded>
      <MoreBelow list={list} of={long} what="lease" />
    </Panel>
  );
}

function pinsOf(task: Task | undefined): Pin[] {
  const pins = task?.result?.["pins"];
  if (!Array.isArray(pins)) return [];
  return pins.map((each) => {
    const pin = (each ?? {}) as JsonObject;
    const held = pin["held"];
    return {
      name: textIn(pin, "name"),
      cid: textIn(pin, "cid"),
      held: typeof held === "string" ? held : held === true ? "yes" : held === false ? "no" : "",
      task: textIn(pin, "task"),
    };
  });
}

function AskNode({ onDone }: { onDone: () => void }) {
  if (!may("operate")) return null;
  const ask = () => {
    post("/v1/tasks", { kind: "ipfs.pins", spec: {} }).then(() => {
      say("A task asks the node; its answer is shown here");
      onDone();
    }, complain);
  };
  return (
    <button type="button" onClick={ask}>
      <Icon name="retry" /> Ask the node
    </button>
  );
}

function OnNode() {
  const asked = useResource(
    "pins of the node",
    async (abort) => {
      const of = (state: readonly string[]) =>
        get<TaskPage>("/v1/tasks", { kind: "ipfs.pins", state, limit: 1 }, abort);
      const [done, live] = await Promise.all([of(["succeeded"]), of(LIVE)]);
      return { done: done.tasks[0], live: live.tasks[0] };
    },
    { on: () => true, everyMs: 15_000 },
  );
  return (
    <Panel title="What the node holds" flush actions={<AskNode onDone={asked.reload} />}>
      <Loaded of={asked}>
        {({ done, live }) => (
          <>
            {live && (
              <p class="pad muted">
                Asked; no answer yet: <TaskLink id={live.id} />
              </p>
            )}
            {done ? (
              <>
                <p class="pad muted">
                  As of <Time at={done.finished_at} />, by <TaskLink id={done.id} />
                </p>
                {pinsOf(done).length ? (
                  <Table
                    caption="Pins of the node"
                    rows={pinsOf(done)}
                    id={({ name, cid, task }) => `${name} ${cid} ${task}`}
                    columns={[
                      {
                        title: "Name",
                        narrow: "title",
                        cell: ({ name }) => <Foreign text={name} max={80} />,
                      },
                      { title: "CID", cell: ({ cid }) => <Cid cid={cid} /> },
                      { title: "Held", cell: ({ held }) => <Foreign text={held} max={60} /> },
                      { title: "By", cell: ({ task }) => task && <TaskLink id={task} /> },
                    ]}
                  />
                ) : (
                  <Empty title="It holds nothing by name" />
                )}
              </>
            ) : (
              !live && (
                <Empty title="Nobody has asked it yet">
                  <p>
                    A worker with <code>--ipfs-api</code> asks the node that it has.
                  </p>
                </Empty>
              )
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

interface CollectionPage {
  collections: Collection[];
  next_cursor: string | null;
}

/** The API goes on after the last one of a page. */
async function loadCollections(after: string, abort: AbortSignal): Promise<CollectionPage> {
  const { collections } = await get<{ collections: Collection[] }>(
    "/v1/collections",
    { after, limit: PAGE },
    abort,
  );
  const last = collections.length < PAGE ? undefined : collections[PAGE - 1];
  return { collections, next_cursor: last?.id ?? null };
}

function Collections() {
  const list = usePages<CollectionPage>("collections", "", loadCollections, { everyMs: 30_000 });
  const long = useLongPages(list, (page) => page.collections);
  return (
    <Loaded of={asResource(list, long)}>
      {(all) =>
        all.length > 0 && (
          <Panel title="Collections" flush>
            <Table
              caption="Collections"
              rows={all}
              id={({ id }) => id}
              isEnd={long.isEnd}
              onLook={long.look}
              columns={[
                {
                  title: "Collection",
                  narrow: "title",
                  cell: ({ title, url, id }) => <Foreign text={title || url || id} max={120} />,
                },
                { title: "Index", cell: ({ index_cid }) => <Cid cid={index_cid ?? ""} /> },
                { title: "Indexed", cell: ({ indexed_at }) => <Time at={indexed_at} /> },
                { title: "Changed", cell: ({ changed_at }) => <Time at={changed_at} /> },
              ]}
            />
            <MoreBelow list={list} of={long} what="collection" />
          </Panel>
        )
      }
    </Loaded>
  );
}

export function PinsPage() {
  return (
    <Page title="Pins" lead="What is kept on IPFS, by which name, and until when.">
      <Leases />
      <OnNode />
      <Collections />
    </Page>
  );
}
