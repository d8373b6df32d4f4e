// Requests to /v1: with the token if there is one, else with the session's cookie.

import { signal } from "@preact/signals";

export type Query = Record<string, string | number | readonly string[] | null | undefined>;

/** What the server said went wrong (RFC 9457), or that it could not be reached (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly type = "",
  ) {
    super(detail || title);
  }
}

const TOKEN = "waybill-token";

/** Kept by this tab alone, and gone when it is closed. */
export const token = signal(sessionStorage.getItem(TOKEN) ?? "");

export function setToken(value: string): void {
  if (value) sessionStorage.setItem(TOKEN, value);
  else sessionStorage.removeItem(TOKEN);
  token.value = value;
}

/** Grows when the server no longer knows who asks. */
export const turnedAway = signal(0);

export function withQuery(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) words.append(name, String(one));
    else if (value !== null && value !== undefined && value !== "") words.set(name, String(value));
  }
  const text = words.toString();
  return text ? `${path}?${text}` : path;
}

/** Names in paths: `a/b` is one segment. */
export function path(...segments: string[]): string {
  return "/v1/" + segments.map(encodeURIComponent).join("/");
}

export function authorization(): Record<string, string> {
  return token.value ? { Authorization: `Bearer ${token.value}` } : {};
}

/** For an Idempotency-Key: randomUUID is not there on plain http of other machines. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function problemOf(response: Response): Promise<Problem> {
  const told = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const text = (name: string) => (typeof told[name] === "string" ? (told[name] as string) : "");
  return new Problem(
    response.status,
    text("title") || `The server answered ${response.status}`,
    text("detail"),
    text("type"),
  );
}

export interface Wanted {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal | undefined;
  headers?: Record<string, string>;
}

/** The answer as it comes; a Problem is thrown for what is no success. */
export async function send(method: string, at: string, wanted: Wanted = {}): Promise<Response> {
  const headers: Record<string, string> = { ...authorization(), ...wanted.headers };
  if (wanted.body !== undefined) headers["Content-Type"] = "application/json";
  if (method === "POST") headers["Idempotency-Key"] ??= newKey();
  let response: Response;
  try {
    response = await fetch(withQuery(at, wanted.query), {
      method,
      headers,
      body: wanted.body === undefined ? null : JSON.stringify(wanted.body),
      signal: wanted.signal ?? null,
      cache: "no-store",
    });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    const next =
      method === "GET"
        ? "It is tried again by itself."
        : "It may have been done all the same: look, then try again.";
    throw new Problem(0, "The server cannot be reached", next);
  }
  // Who asks whether they are known is told so, and who goes is not asked back.
  if (response.status === 401 && !["/v1/me", "/v1/logout"].includes(at)) turnedAway.value++;
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function get<T>(at: string, query?: Query, abort?: AbortSignal): Promise<T> {
  const wanted: Wanted = { signal: abort };
  if (query) wanted.query = query;
  return (await (await send("GET", at, wanted)).json()) as T;
}

export async function post<T>(at: string, body: unknown = {}, key?: string): Promise<T> {
  const headers = key ? { "Idempotency-Key": key } : {};
  const response = await send("POST", at, { body, headers });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
