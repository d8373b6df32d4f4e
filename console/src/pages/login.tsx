// The way in: providers where people log in, or a token.

import { useState } from "preact/hooks";
import { get, type Problem, setToken } from "../api/client";
import { useResource } from "../state/resource";
import { askWhoIAm } from "../state/session";
import { Trouble } from "../ui/bits";

interface Providers {
  providers: { name: string; kind: string; path: string }[];
}

export function Login({ problem }: { problem: Problem | null }) {
  const [typed, setTyped] = useState("");
  const logins = useResource("logins", (abort) => get<Providers>("/v1/login", {}, abort));
  const providers = logins.data?.providers ?? [];
  const back = encodeURIComponent(location.pathname + location.search);
  const enter = (event: Event) => {
    event.preventDefault();
    setToken(typed.trim());
    void askWhoIAm();
  };
  return (
    <main class="alone">
      <h1>Waybill</h1>
      {problem && <Trouble problem={problem} />}
      {logins.problem && <Trouble problem={logins.problem} retry={logins.reload} />}
      {providers.length > 0 && (
        <ul class="providers">
          {providers.map((provider) => (
            <li key={provider.name}>
              <a class="button primary" href={`${provider.path}?return_to=${back}`}>
                Log in with {provider.kind === "github" ? "GitHub" : provider.name}
              </a>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={enter}>
        <label class="field">
          <span>{providers.length ? "Or with a token" : "Token"}</span>
          <input
            type="password"
            autocomplete="off"
            placeholder="wb_…"
            required
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class={providers.length ? "" : "primary"}>
          Use this token
        </button>
      </form>
      <p class="muted">
        It is kept by this tab alone, until it is closed. On the server's machine{" "}
        <code>waybill token create --name me --role operator</code> makes one.
      </p>
    </main>
  );
}
