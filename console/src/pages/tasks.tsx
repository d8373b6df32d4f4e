// The list of tasks: its filters are the address, so that a link is a view.

import { Link } from "wouter-preact";
import { get } from "../api/client";
import type { TaskPage } from "../api/types";
import { usePages } from "../state/pages";
import { may } from "../state/session";
import { Empty, Foreign, Loading, Page, Trouble } from "../ui/bits";
import { Icon } from "../ui/icon";
import { More, useLongPages } from "../ui/long_pages";
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

export function TasksPage() {
  const [filter, setFilter] = useFilter();
  const list = useTasks(filter);
  const { pages } = list;
  const long = useLongPages(list, (page) => page.tasks);
  const { rows: tasks, isEnd } = long;
  const [picked, setPicked] = usePicked(tasks, isEnd);
  const fresh = new Map(tasks.map((task) => [task.id, task]));
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
      {!pages.length && !list.problem && <Loading />}
      {isEnd && !tasks.length && <Nothing filter={filter} />}
      {pages.length > 0 && !isEnd && !tasks.length && (
        <Empty title={`Nothing among the first ${LOOKED_THROUGH}`}>
          <p>Tasks that fit may come later.</p>
        </Empty>
      )}
      {tasks.length > 0 && (
        <List
          tasks={tasks}
          isEnd={isEnd}
          picked={picked}
          setPicked={setPicked}
          onLook={long.look}
        />
      )}
      <div class="pager">
        {filter.cursor && (
          <button type="button" onClick={() => setFilter({ ...filter, cursor: "" })}>
            From the first on
          </button>
        )}
        <More list={list} of={long} what="task" />
      </div>
    </Page>
  );
}
