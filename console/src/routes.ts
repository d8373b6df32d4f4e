// Every page: its address, and its place in the menu.

import type { ComponentType } from "preact";
import type { Right } from "./api/types";
import { AccessPage } from "./pages/access";
import { AuditPage } from "./pages/audit";
import { DefinitionPage, DefinitionsPage } from "./pages/definitions";
import { OverviewPage } from "./pages/overview";
import { PinsPage } from "./pages/pins";
import { PipelinePage } from "./pages/pipeline";
import { QueuesPage } from "./pages/queues";
import { RunPage } from "./pages/run";
import { ComparePage } from "./pages/run_compare";
import { StartRunPage } from "./pages/run_start";
import { RunsPage } from "./pages/runs";
import { ScanPage } from "./pages/scan";
import { ScansPage } from "./pages/scans";
import { SchedulesPage } from "./pages/schedules";
import { SecretsPage } from "./pages/secrets";
import { StartPage } from "./pages/start";
import { TaskPage } from "./pages/task";
import { TasksPage } from "./pages/tasks";
import { WebhooksPage } from "./pages/webhooks";
import { WorkersPage } from "./pages/workers";
import { YouPage } from "./pages/you";
import type { IconName } from "./ui/icon";

export interface RouteEntry {
  path: string;
  // A route hands its page what stands in the address, by name.
  page: ComponentType<Record<string, string>>;
  menu?: { title: string; icon: IconName; key?: string; right?: Right };
}

type Any = ComponentType<Record<string, string>>;

const runRoutes: RouteEntry[] = [
  { path: "/runs", page: RunsPage, menu: { title: "Runs", icon: "link", key: "r" } },
  { path: "/runs/:id", page: RunPage as unknown as Any },
  { path: "/runs/:id/compare", page: ComparePage as unknown as Any },
  { path: "/start-run/:name", page: StartRunPage as unknown as Any },
  { path: "/pipelines/:name", page: PipelinePage as unknown as Any },
];

export const routes: RouteEntry[] = [
  {
    path: "/overview",
    page: OverviewPage,
    menu: { title: "Overview", icon: "overview", key: "o" },
  },
  { path: "/tasks", page: TasksPage, menu: { title: "Tasks", icon: "tasks", key: "t" } },
  { path: "/tasks/:id", page: TaskPage as unknown as Any },
  {
    path: "/start",
    page: StartPage,
    menu: { title: "Start", icon: "start", key: "s", right: "submit" },
  },
  ...(__RUNS__ ? runRoutes : []),
  { path: "/queues", page: QueuesPage, menu: { title: "Queues", icon: "queue", key: "q" } },
  { path: "/workers", page: WorkersPage, menu: { title: "Workers", icon: "worker", key: "w" } },
  {
    path: "/schedules",
    page: SchedulesPage,
    menu: { title: "Schedules", icon: "calendar", key: "c" },
  },
  { path: "/scans", page: ScansPage, menu: { title: "Scans", icon: "scan", key: "n" } },
  { path: "/scans/:name", page: ScanPage as unknown as Any },
  { path: "/pins", page: PinsPage, menu: { title: "Pins", icon: "pin", key: "p" } },
  {
    path: "/definitions",
    page: DefinitionsPage,
    menu: { title: "Definitions", icon: "definition", key: "d" },
  },
  { path: "/definitions/:name", page: DefinitionPage as unknown as Any },
  {
    path: "/webhooks",
    page: WebhooksPage,
    menu: { title: "Webhooks", icon: "webhook", right: "admin" },
  },
  {
    path: "/secrets",
    page: SecretsPage,
    menu: { title: "Secrets", icon: "secret", right: "admin" },
  },
  {
    path: "/access",
    page: AccessPage,
    menu: { title: "Tokens and people", icon: "key", right: "admin" },
  },
  {
    path: "/audit",
    page: AuditPage,
    menu: { title: "Audit", icon: "audit", key: "a", right: "admin" },
  },
  { path: "/you", page: YouPage, menu: { title: "You", icon: "person", key: "y" } },
];
