// What is around every page: menu, finder, connection, theme.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { Finder } from "./finder";
import { Help } from "./help";
import { routes, type RouteEntry } from "./routes";
import { connection } from "./state/live";
import { hasBefore, rowBefore } from "./state/place";
import { may, session } from "./state/session";
import { singleKeys, type Theme, theme } from "./state/settings";
import { Icon } from "./ui/icon";
import { onKeys, onPairs } from "./ui/keys";
import { Toasts } from "./ui/toast";

const CONNECTION = {
  off: "Not live while this tab is hidden",
  connecting: "Connecting…",
  live: "Live",
  lost: "Connection lost; trying again",
  refused: "Not live: the server refused; reload the page",
};

function Connection() {
  return (
    <span class={`connection connection-${connection.value}`} role="status">
      {CONNECTION[connection.value]}
    </span>
  );
}

const NEXT_THEME: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

function ThemeButton() {
  const label = `Theme: ${theme.value}`;
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      onClick={() => (theme.value = NEXT_THEME[theme.value])}
    >
      <Icon name={theme.value === "dark" ? "moon" : theme.value === "light" ? "sun" : "contrast"} />
    </button>
  );
}

function isMine(entry: RouteEntry): boolean {
  return entry.menu !== undefined && (!entry.menu.right || may(entry.menu.right));
}

function Menu({ open, onGo }: { open: boolean; onGo: () => void }) {
  const [location] = useLocation();
  return (
    <nav class={open ? "menu open" : "menu"} aria-label="Main" id="menu">
      <ul>
        {routes.filter(isMine).map(({ path, menu }) => (
          <li key={path}>
            <Link
              href={path}
              onClick={onGo}
              aria-current={
                location === path || location.startsWith(path + "/") ? "page" : undefined
              }
            >
              <Icon name={menu!.icon} />
              {menu!.title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function useShortcuts(openFinder: () => void, openHelp: () => void): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        openFinder();
      }
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [openFinder]);
  useEffect(() => {
    if (!singleKeys.value) return undefined;
    const pages = Object.fromEntries(
      routes.flatMap((entry) =>
        entry.menu?.key && isMine(entry) ? [[entry.menu.key, () => navigate(entry.path)]] : [],
      ),
    );
    const offPairs = onPairs("g", pages);
    const offKeys = onKeys({
      "?": openHelp,
      "/": () => document.querySelector<HTMLElement>("main input[type=search]")?.focus(),
    });
    return () => {
      offPairs();
      offKeys();
    };
  }, [singleKeys.value, navigate, openHelp, session.value]);
}

/** A new page begins at its heading, also for those who hear it; one that was left before, where it
 *  was left. */
function useFocusOnPage(): void {
  const [location] = useLocation();
  const first = useRef(true);
  useEffect(() => {
    const row = rowBefore();
    if (!first.current && row === null) window.scrollTo(0, 0);
    // A list gives it to the row that had it.
    if (!first.current && !(row && document.activeElement?.closest("tr"))) {
      document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [location]);
}

/** The page that lists what a page shows one of; none of a form, which one leaves on purpose. */
function listOf(location: string): string | null {
  const [, first, ...rest] = location.split("/");
  if (!rest.length || first === "start-run" || first === "start") return null;
  const list = `/${first === "pipelines" ? "definitions" : first}`;
  return routes.some(({ path }) => path === list) ? list : null;
}

/** Esc leads back from what was opened, unless something else is to be closed first. */
function useWayBack(isCovered: boolean): void {
  const [location, navigate] = useLocation();
  useEffect(() => {
    const list = listOf(location);
    if (!singleKeys.value || !list || isCovered) return undefined;
    return onKeys({ Escape: () => (hasBefore() ? history.back() : navigate(list)) });
  }, [location, navigate, singleKeys.value, isCovered]);
}

export function Shell({ children }: { children: ComponentChildren }) {
  const [menu, setMenu] = useState(false);
  const [shown, setShown] = useState<"finder" | "help" | null>(null);
  const openFinder = useRef(() => setShown("finder")).current;
  const openHelp = useRef(() => setShown("help")).current;
  useEffect(() => (menu ? onKeys({ Escape: () => setMenu(false) }) : undefined), [menu]);
  useShortcuts(openFinder, openHelp);
  useFocusOnPage();
  useWayBack(menu);
  const who = session.value;
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={() => document.getElementById("main")?.focus()}>
        To the page
      </a>
      <header class="top">
        <button
          type="button"
          class="icon-button menu-button"
          aria-label="Menu"
          aria-expanded={menu}
          aria-controls="menu"
          onClick={() => setMenu(!menu)}
        >
          <Icon name={menu ? "close" : "menu"} />
        </button>
        <Link href="/overview" class="brand">
          Waybill
        </Link>
        <button type="button" class="find" onClick={openFinder}>
          <Icon name="search" />
          <span class="find-text">Find</span> <kbd>Ctrl K</kbd>
        </button>
        <span class="gap" />
        <Connection />
        {who.is === "in" && (
          <Link href="/you" class="who" title={`${who.me.name}, ${who.me.role}`}>
            <Icon name="person" />
            <span class="who-text">{who.me.name}</span>
          </Link>
        )}
        <ThemeButton />
        <button
          type="button"
          class="icon-button"
          aria-label="Keyboard shortcuts"
          onClick={openHelp}
        >
          <Icon name="help" />
        </button>
      </header>
      <Menu open={menu} onGo={() => setMenu(false)} />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Toasts />
      {shown === "finder" && <Finder onClose={() => setShown(null)} />}
      {shown === "help" && <Help onClose={() => setShown(null)} />}
    </div>
  );
}
