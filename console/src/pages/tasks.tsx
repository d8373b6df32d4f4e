// The list of tasks: its filters are the address, so that a link is a view.

import { useEffect, useMemo } from "preact/hooks";
import { Link } from "wouter-preact";
import { get } from "../api/client";
import type { TaskPage } from "../api/types";
import { usePages } from "../state/pages";
import { may } from "../state/session";
import { Empty, Foreign, Loading, Page, Trouble } from "../ui/bits";
import { counted } from "../ui/format";
import { Icon } from "../ui/icon";
import { BulkBar } from "./tasks_bulk";
import { Filters, type Filter, filterOf, isFiltered, useFilter } from "./tasks_filter";
import { List, usePicked } from "./tasks_list";

const PAGE = 50;

/** The server stops looking after so many; what fits may come later. */
const LOOKED_THROUGH = "20,000";

function Nothing({ filter }: { filter: Filter }) {
  if (filter.cursor || isFiltered(filter)) {
    return (
      <Empty title="No task fits these filters">
        <p>
          Take one of them away, or <Link href="/tasks">look at all tasks</Link>.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="There are no tasks yet">
      <p>
        {may("submit") ? <Link href="/start">Start a first one</Link> : "Ask somebody to start one"}
        , or at the command line: <code>waybill task create -- echo hello</code>
      </p>
    </Empty>
  );
}

function useTasks(filter: Filter) {
  const query = { ...filterOf(filter), limit: PAGE };
  const key = JSON.stringify({ ...query, cursor: filter.cursor });
  const load = (cursor: string, abort: AbortSignal) =>
    get<TaskPage>("/v1/tasks", { ...query, cursor }, abort);
  return usePages(key, filter.cursor, load, {
    on: (event) => !filter.queue || event.queue === filter.queue,
    everyMs: 30_000,
  });
}

/** Which page has the row. */
function pageAt(pages: readonly TaskPage[], row: number): number {
  let end = 0;
  const at = pages.findIndex(({ tasks }) => (end += tasks.length) > row);
  return at < 0 ? Math.max(0, pages.length - 1) : at;
}

/** What comes after the rows; the button is for what does not come by scrolling. */
function More(props: { count: number; isEnd: boolean; loading: boolean; onMore: () => void }) {
  if (props.isEnd) return <p class="muted">{counted(props.count, "task")}, that is all.</p>;
  return (
    <>
      <p class="muted">{counted(props.count, "task")} so far.</p>
      <button type="button" disabled={props.loading} onClick={props.onMore}>
        {props.loading ? "Loading…" : "Load more"}
      </button>
    </>
  );
}

export function TasksPage() {
  const [filter, setFilter] = useFilter();
  const list = useTasks(filter);
  const { pages } = list;
  const lastPage = pages[pages.length - 1];
  const tasks = useMemo(
    () => pages.flatMap((page) => page.tasks),
    [pages.length, ...pages],
  );
  const isEnd = pages.length > 0 && list.next === null;
  const [picked, setPicked] = usePicked(tasks, isEnd);
  useEffect(() => setPicked(new Map()), [JSON.stringify(filter)]);
  const fresh = new Map(tasks.map((task) => [task.id, task]));
  const look = (first: number, last: number, isNearEnd: boolean) => {
    list.look(pageAt(pages, first), pageAt(pages, last));
    // A page that was not filled has been searched for long: the next one only if one asks for it.
    if (isNearEnd && lastPage && lastPage.tasks.length === PAGE) list.more();
  };
  return (
    <Page
      title="Tasks"
      actions={
        may("submit") && (
          <Link href="/start" class="button primary">
            <Icon name="start" /> Start a task
          </Link>
        )
      }
    >
      <Filters filter={filter} onChange={setFilter} />
      <BulkBar
        filter={filter}
        picked={[...picked.values()].map((task) => fresh.get(task.id) ?? task)}
        onDone={() => {
          setPicked(new Map());
          list.reload();
        }}
      />
      {list.problem && <Trouble problem={list.problem} retry={list.reload} />}
      {pages
        .flatMap((page) => page.damaged)
        .map((damaged) => (
          <p class="trouble" key={damaged.id}>
            Task {damaged.id} cannot be read: <Foreign text={damaged.what} />. `waybill db check`
            says more.
          </p>
        ))}
      {!lastPage && !list.problem && <Loading />}
      {isEnd && !tasks.length && <Nothing filter={filter} />}
      {lastPage && !isEnd && !tasks.length && (
        <Empty title={`Nothing among the first ${LOOKED_THROUGH}`}>
          <p>Tasks that fit may come later.</p>
        </Empty>
      )}
      {tasks.length > 0 && (
        <List tasks={tasks} isEnd={isEnd} picked={picked} setPicked={setPicked} onLook={look} />
      )}
      <div class="pager">
        {filter.cursor && (
          <button type="button" onClick={() => setFilter({ ...filter, cursor: "" })}>
            From the first on
          </button>
        )}
        {lastPage && (tasks.length > 0 || !isEnd) && (
          <More count={tasks.length} isEnd={isEnd} loading={list.loading} onMore={list.more} />
        )}
      </div>
    </Page>
  );
}
