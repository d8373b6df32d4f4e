// What a reader has chosen, kept by the browser.

import { effect, signal, type Signal } from "@preact/signals";

function kept<T>(name: string, standard: T, fits: (value: unknown) => value is T): Signal<T> {
  const key = `waybill-${name}`;
  let first = standard;
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (fits(value)) first = value;
  } catch {
    localStorage.removeItem(key); // not what we wrote
  }
  const chosen = signal(first);
  effect(() => localStorage.setItem(key, JSON.stringify(chosen.value)));
  return chosen;
}

export type Theme = "system" | "light" | "dark";
export const theme = kept<Theme>("theme", "system", (value): value is Theme =>
  ["system", "light", "dark"].includes(value as string),
);
/** WCAG 2.1.4: whoever dictates has to be able to turn single keys off. */
export const singleKeys = kept<boolean>(
  "single-keys",
  true,
  (value): value is boolean => typeof value === "boolean",
);

/** WCAG 2.2.1: a limit of time can be made longer. */
export const UNDO_SECONDS = [8, 30, 120];
export const undoSeconds = kept<number>("undo-seconds", 8, (value): value is number =>
  UNDO_SECONDS.includes(value as number),
);

export interface View {
  name: string;
  search: string;
}
const isView = (value: unknown): value is View =>
  typeof value === "object" && value !== null && "name" in value && "search" in value;
export const views = kept<View[]>(
  "views",
  [],
  (value): value is View[] => Array.isArray(value) && value.every(isView),
);

export function applyTheme(): void {
  effect(() => {
    if (theme.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
  });
}
