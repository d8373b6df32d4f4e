// Secrets: their names, and a way to put a value that is never shown again.

import { useState } from "preact/hooks";
import { get, path, send } from "../api/client";
import type { Secret } from "../api/types";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Foreign, Loaded, Page, Time } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Table } from "../ui/table";
import { complain, doSoon, say } from "../ui/toast";

function PutDialog(props: { name: string; onClose: () => void; onChange: () => void }) {
  const [name, setName] = useState(props.name);
  const [value, setValue] = useState("");
  const confirm = (event: Event) => {
    event.preventDefault();
    send("PUT", path("secrets", name), { body: { value } }).then(() => {
      say(`${name} has a new value`);
      props.onClose();
      props.onChange();
    }, complain);
  };
  return (
    <Dialog
      title={props.name ? `Another value for ${props.name}` : "Add a secret"}
      onClose={props.onClose}
    >
      <form onSubmit={confirm}>
        {!props.name && (
          <label class="field">
            <span>Name: small letters, digits, dot, dash</span>
            <input
              required
              pattern="[a-z0-9._\-]+"
              maxLength={200}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
        )}
        <label class="field">
          <span>Value: it is sealed, and never shown again</span>
          <textarea
            required
            spellcheck={false}
            autocomplete="off"
            value={value}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        </label>
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            Leave it
          </button>
          <button type="submit" class="primary">
            Keep it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function SecretsPage() {
  const [asked, setAsked] = useState<string | null>(null);
  const secrets = useResource(
    "secrets",
    (abort) => get<{ secrets: Secret[] }>("/v1/secrets", {}, abort),
    { everyMs: 30_000 },
  );
  const remove = (name: string) =>
    doSoon(`Removing the secret ${name}`, async () => {
      await send("DELETE", path("secrets", name));
      secrets.reload();
      return `${name} is gone`;
    });
  return (
    <Page
      title="Secrets"
      lead="What tasks need to know and nobody else may."
      actions={
        may("admin") && (
          <button type="button" class="primary" onClick={() => setAsked("")}>
            <Icon name="start" /> Add a secret
          </button>
        )
      }
    >
      <Loaded of={secrets}>
        {({ secrets: all }) =>
          all.length ? (
            <Table
              caption="Secrets"
              rows={all}
              id={({ name }) => name}
              columns={[
                { title: "Secret", narrow: "title", cell: ({ name }) => name },
                { title: "Changed", cell: ({ changed_at }) => <Time at={changed_at} /> },
                { title: "By", cell: ({ changed_by }) => <Foreign text={changed_by} max={60} /> },
                { title: "Key", cell: ({ key_id }) => <code>{key_id}</code> },
                {
                  title: "Action",
                  cell: ({ name }) => (
                    <span class="row">
                      <button type="button" onClick={() => setAsked(name)}>
                        New value
                      </button>
                      <button type="button" class="danger" onClick={() => remove(name)}>
                        Remove
                      </button>
                    </span>
                  ),
                },
              ]}
            />
          ) : (
            <Empty title="No secret is kept">
              <p>
                The server needs a key for them: <code>--secret-key-file</code>. A task then takes
                one by <code>secrets: {"{VARIABLE: name}"}</code> in its definition.
              </p>
            </Empty>
          )
        }
      </Loaded>
      {asked !== null && (
        <PutDialog name={asked} onClose={() => setAsked(null)} onChange={secrets.reload} />
      )}
    </Page>
  );
}
