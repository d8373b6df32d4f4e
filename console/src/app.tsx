// Who is let in, and which page the address names.

import type { ComponentChildren } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { Redirect, Route, Router, Switch } from "wouter-preact";
import { turnedAway } from "./api/client";
import { Login } from "./pages/login";
import { routes } from "./routes";
import { Shell } from "./shell";
import { startLive } from "./state/live";
import { problemOf } from "./state/resource";
import { askWhoIAm, session } from "./state/session";
import { Empty, Loading, Page, Trouble } from "./ui/bits";
import { startTraffic } from "./state/traffic";

function Unknown() {
  return (
    <Page title="No such page">
      <Empty title="There is nothing at this address">
        <p>The menu has all pages; Ctrl+K finds tasks, queues and definitions.</p>
      </Empty>
    </Page>
  );
}

/** What a page throws is told in its place; the menu stays. */
function Guarded({ children }: { children: ComponentChildren }) {
  const [error, reset] = useErrorBoundary();
  if (!error) return <>{children}</>;
  return (
    <Page title="This page failed">
      <Trouble problem={problemOf(error)} retry={reset} />
    </Page>
  );
}

function Inside() {
  useEffect(() => {
    const stopTraffic = startTraffic();
    const stopLive = startLive();
    return () => {
      stopLive();
      stopTraffic();
    };
  }, []);
  return (
    <Shell>
      <Switch>
        <Route path="/">
          <Redirect to="/overview" replace />
        </Route>
        {routes.map(({ path, page: Shown }) => (
          <Route path={path} key={path}>
            {(params) => (
              <Guarded key={Object.values(params).join("/")}>
                <Shown {...(params as Record<string, string>)} />
              </Guarded>
            )}
          </Route>
        ))}
        <Route>
          <Unknown />
        </Route>
      </Switch>
    </Shell>
  );
}

export function App() {
  const who = session.value;
  useEffect(() => {
    if (session.peek().is !== "out") void askWhoIAm();
  }, [turnedAway.value]);
  return (
    <Router base="/console">
      {who.is === "unknown" && <Loading />}
      {who.is === "in" && <Inside />}
      {who.is === "out" && <Login problem={who.problem} />}
      {who.is === "unreachable" && (
        <main class="alone">
          <h1>Waybill</h1>
          <Trouble problem={who.problem} retry={() => void askWhoIAm()} />
        </main>
      )}
    </Router>
  );
}
