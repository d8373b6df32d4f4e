// How a finished task or run came about, as the server signs it when somebody asks.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { get, path, token } from "../api/client";
import type { Json } from "../api/types";
import { useResource } from "../state/resource";
import { Copy, Foreign, Loaded, Panel } from "../ui/bits";
import { counted, shortId } from "../ui/format";
import { Icon } from "../ui/icon";
import { JsonView } from "../ui/json";
import { saveFrom } from "../ui/save";
import { complain } from "../ui/toast";

export type SignedMap = "tasks" | "runs";

interface Envelope {
  payload: string;
  signatures: { keyid: string }[];
}

interface Named {
  name?: string;
  uri?: string;
  digest?: Record<string, string>;
}

interface Statement {
  subject?: Named[];
  predicate?: { buildDefinition?: { resolvedDependencies?: Named[] } };
}

function statementOf(envelope: Envelope): Statement {
  const bytes = Uint8Array.from(atob(envelope.payload), (each) => each.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Statement;
}

function Save({ map, id }: { map: SignedMap; id: string }) {
  const url = path(map, id, "provenance");
  const name = `provenance-${id}.json`;
  const text = (
    <>
      <Icon name="download" /> Signed statement
    </>
  );
  // A link sends the session's cookie by itself, but no token.
  if (!token.value) {
    return (
      <a href={url} download={name} class="button">
        {text}
      </a>
    );
  }
  return (
    <button type="button" onClick={() => void saveFrom(url, name).catch(complain)}>
      {text}
    </button>
  );
}

function Names({ title, all }: { title: string; all: Named[] }) {
  if (!all.length) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="lines signed">
        {all.map(({ name, uri, digest = {} }, at) => (
          <li key={at}>
            <Foreign text={name ?? uri ?? "without a name"} max={160} />
            {Object.entries(digest).map(([kind, value]) => (
              <div class="small mono" key={kind}>
                {kind}: {value.length > 24 ? value.slice(0, 24) + "…" : value}{" "}
                <Copy text={value} what={`the ${kind} of ${name ?? uri ?? "it"}`} />
              </div>
            ))}
          </li>
        ))}
      </ul>
    </>
  );
}

function Inside({ map, id }: { map: SignedMap; id: string }) {
  const envelope = useResource(`provenance ${map} ${id}`, (abort) =>
    get<Envelope>(path(map, id, "provenance"), {}, abort),
  );
  return (
    <Loaded of={envelope}>
      {(found) => {
        const statement = statementOf(found);
        const keys = found.signatures.map(({ keyid }) => keyid);
        const made = statement.subject ?? [];
        const used = statement.predicate?.buildDefinition?.resolvedDependencies ?? [];
        return (
          <>
            <p class="muted">
              {counted(made.length, "output")}, {counted(used.length, "input")} with a name or a
              digest; signed with the {keys.length === 1 ? "key" : "keys"}{" "}
              {keys.map((key) => (
                <code key={key} title={key}>
                  {shortId(key)}{" "}
                </code>
              ))}
            </p>
            <Names title="Outputs" all={made} />
            <Names title="Inputs" all={used} />
            <details>
              <summary>All of the statement</summary>
              <JsonView value={statement as unknown as Json} />
            </details>
          </>
        );
      }}
    </Loaded>
  );
}

/** `children`: facts, each a `div` with `dt` and `dd`. */
export function ProvenancePanel(props: {
  map: SignedMap;
  id: string;
  children: ComponentChildren;
}) {
  const { map, id } = props;
  const [isOpen, setOpen] = useState(false);
  return (
    <Panel title="Provenance" actions={<Save map={map} id={id} />}>
      <dl class="facts">{props.children}</dl>
      <p class="above">
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Close the statement" : "What the statement says"}
        </button>
      </p>
      {isOpen && <Inside map={map} id={id} />}
      <p class="hint">
        In-toto with SLSA provenance. <code>waybill provenance verify</code> checks it, and the
        artifacts, offline.
      </p>
    </Panel>
  );
}
