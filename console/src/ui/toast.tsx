// Short messages at the edge; and what is about to be done, while it can still be taken back.

import { signal } from "@preact/signals";
import { Problem } from "../api/client";
import { problemOf } from "../state/resource";
import { undoSeconds } from "../state/settings";
import { useNow } from "./bits";
import { Icon } from "./icon";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad" | "pending";
  until: number;
  undo?: () => void;
}

const toasts = signal<Toast[]>([]);
let nextId = 1;

function add(toast: Omit<Toast, "id">): number {
  const id = nextId++;
  toasts.value = [...toasts.value, { ...toast, id }];
  return id;
}

function remove(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

function passing(text: string, tone: "good" | "bad", ms: number): void {
  const id = add({ text, tone, until: Date.now() + ms });
  setTimeout(() => remove(id), ms);
}

export function say(text: string): void {
  passing(text, "good", undoSeconds.value * 1000);
}

export function complain(error: unknown): void {
  const problem: Problem = problemOf(error);
  const text = problem.detail ? `${problem.title}: ${problem.detail}` : problem.title;
  passing(text, "bad", Math.max(15, undoSeconds.value) * 1000);
}

/** Does it after a while in which it can be taken back; closing the tab takes it back too. */
export function doSoon(text: string, work: () => Promise<string>): void {
  const ms = undoSeconds.value * 1000;
  const timer = setTimeout(() => {
    remove(id);
    work().then(say, complain);
  }, ms);
  const undo = () => {
    clearTimeout(timer);
    remove(id);
    say("Taken back: nothing was changed");
  };
  const id = add({ text, tone: "pending", until: Date.now() + ms, undo });
}

function Pending({ toast }: { toast: Toast }) {
  const seconds = Math.ceil((toast.until - useNow(250)) / 1000);
  const left = Math.min(undoSeconds.value, Math.max(0, seconds));
  return (
    <>
      <span>
        {toast.text} <span aria-hidden="true">in {left} s</span>
      </span>
      <button type="button" onClick={toast.undo}>
        Undo
      </button>
    </>
  );
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div class={`toast toast-${toast.tone}`} key={toast.id}>
          {toast.tone === "pending" ? <Pending toast={toast} /> : <span>{toast.text}</span>}
          {toast.tone !== "pending" && (
            <button
              type="button"
              class="icon-button"
              aria-label="Dismiss"
              onClick={() => remove(toast.id)}
            >
              <Icon name="close" />
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
