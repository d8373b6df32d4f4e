// Who uses the console, and what they may.

import { signal } from "@preact/signals";
import { get, post, Problem, setToken, token } from "../api/client";
import type { Me, Right, Role } from "../api/types";
import { forgetPlaces } from "./place";

export type Session =
  | { is: "unknown" }
  | { is: "in"; me: Me }
  | { is: "out"; problem: Problem | null }
  | { is: "unreachable"; problem: Problem };

export const session = signal<Session>({ is: "unknown" });

/** As docs/reference/api-tokens.md has them. */
const RIGHTS: Record<Role, readonly Right[]> = {
  viewer: ["read"],
  submitter: ["read", "submit"],
  worker: ["read", "work"],
  operator: ["read", "submit", "operate"],
  admin: ["read", "submit", "work", "operate", "admin"],
};

export function may(right: Right): boolean {
  return session.value.is === "in" && RIGHTS[session.value.me.role].includes(right);
}

export function rightsOf(role: Role): readonly Right[] {
  return RIGHTS[role];
}

export async function askWhoIAm(): Promise<void> {
  const shown = token.value;
  try {
    session.value = { is: "in", me: await get<Me>("/v1/me") };
  } catch (error) {
    // Another one was taken meanwhile, and this says nothing of it.
    if (token.value !== shown) return askWhoIAm();
    const problem =
      error instanceof Problem ? error : new Problem(0, "The console failed", String(error));
    session.value =
      problem.status === 401
        ? { is: "out", problem: token.value ? problem : null }
        : { is: "unreachable", problem };
    // What let nobody in is of no use.
    if (problem.status === 401) {
      setToken("");
      forgetPlaces();
    }
  }
}

/** Ends the session of the browser's cookie too: it would let in whoever comes next. */
export async function logOut(): Promise<void> {
  const had = token.value;
  setToken(""); // with it the server would end no session
  try {
    await post("/v1/logout");
  } catch (error) {
    const hasNone = had && error instanceof Problem && error.status === 401;
    if (!hasNone) {
      setToken(had);
      throw error;
    }
  }
  forgetPlaces();
  session.value = { is: "out", problem: null };
}
