// Addresses that are told what changes: how it goes, and what was not taken.

import { useState } from "preact/hooks";
import { get, path, post, send } from "../api/client";
import { STATES, type State, type Webhook, type WebhookDelivery } from "../api/types";
import { usePages } from "../state/pages";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { Empty, Foreign, Loaded, Page, Panel, Time } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { counted } from "../ui/format";
import { Icon } from "../ui/icon";
import { asResource, MoreBelow, useLongPages } from "../ui/long_pages";
import { Table } from "../ui/table";
import { complain, doSoon, say } from "../ui/toast";

const TONE = { active: "succeeded", paused: "scheduled", gone: "failed" };

function AddDialog(props: { onClose: () => void; onChange: () => void }) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("https://");
  const [secret, setSecret] = useState("");
  const [states, setStates] = useState<State[]>(["succeeded", "failed", "cancelled"]);
  const confirm = (event: Event) => {
    event.preventDefault();
    const body = { url, states, secrets: [secret] };
    send("PUT", path("webhooks", name), { body }).then(() => {
      say(`${name} is told from now on`);
      props.onClose();
      props.onChange();
    }, complain);
  };
  return (
    <Dialog title="Add a webhook" onClose={props.onClose}>
      <form onSubmit={confirm}>
        <label class="field">
          <span>Name: small letters, digits, dot, dash</span>
          <input
            required
            pattern="[a-z0-9._\-]+"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Address</span>
          <input
            required
            type="url"
            value={url}
            onInput={(event) => setUrl(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Name of the secret that signs its messages</span>
          <input
            required
            value={secret}
            onInput={(event) => setSecret(event.currentTarget.value)}
          />
        </label>
        <fieldset>
          <legend>Told of changes to</legend>
          <div class="row">
            {STATES.map((state) => (
              <label class="check" key={state}>
                <input
                  type="checkbox"
                  checked={states.includes(state)}
                  onChange={() =>
                    setStates(
                      states.includes(state)
                        ? states.filter((each) => each !== state)
                        : [...states, state],
                    )
                  }
                />
                {state}
              </label>
            ))}
          </div>
        </fieldset>
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            Leave it
          </button>
          <button type="submit" class="primary">
            Add it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const PAGE = 100;

interface DeliveryPage {
  deliveries: WebhookDelivery[];
  next_cursor: string | null;
}

/** The API goes on after the last one of a page. */
async function loadDeliveries(name: string, after: string, abort: AbortSignal) {
  const { deliveries } = await get<{ deliveries: WebhookDelivery[] }>(
    path("webhooks", name, "deliveries"),
    { after, limit: PAGE },
    abort,
  );
  const last = deliveries.length < PAGE ? undefined : deliveries[PAGE - 1];
  return { deliveries, next_cursor: last ? String(last.sequence) : null };
}

function Deliveries({ name }: { name: string }) {
  const list = usePages<DeliveryPage>(
    `deliveries ${name}`,
    "",
    (after, abort) => loadDeliveries(name, after, abort),
    { everyMs: 5000 },
  );
  const long = useLongPages(list, (page) => page.deliveries);
  return (
    <Loaded of={asResource(list, long)}>
      {(all) =>
        all.length ? (
          <>
            <Table
              caption={`What ${name} has not taken`}
              rows={all}
              id={({ id }) => id}
              isEnd={long.isEnd}
              onLook={long.look}
              columns={[
                { title: "Change", cell: ({ sequence }) => sequence, number: true },
                { title: "Attempts", cell: ({ attempts }) => attempts, number: true },
                {
                  title: "Again",
                  cell: (one) => (one.given_up ? "given up" : <Time at={one.next_at} />),
                },
                { title: "Error", cell: ({ error }) => error && <Foreign text={error} /> },
              ]}
            />
            <MoreBelow list={list} of={long} what="message" />
          </>
        ) : (
          <p class="muted">All that was sent has been taken.</p>
        )
      }
    </Loaded>
  );
}

function Actions({ webhook, reload }: { webhook: Webhook; reload: () => void }) {
  const at = (what: string) => path("webhooks", webhook.name, what);
  const work = (what: string, done: (answer: unknown) => string) => () =>
    void post<unknown>(at(what)).then((answer) => {
      say(done(answer));
      reload();
    }, complain);
  const test = work("test", (answer) => {
    const { delivered, error } = answer as { delivered: boolean; error: string | null };
    return delivered ? "It has taken the test message" : `It has not taken it: ${error ?? ""}`;
  });
  const remove = () =>
    doSoon(`Removing the webhook ${webhook.name}`, async () => {
      await send("DELETE", path("webhooks", webhook.name));
      reload();
      return `${webhook.name} is gone`;
    });
  return (
    <>
      <button type="button" onClick={test}>
        Test
      </button>
      {webhook.state === "active" ? (
        <button type="button" onClick={work("pause", () => `${webhook.name} is paused`)}>
          Pause
        </button>
      ) : (
        <button type="button" onClick={work("resume", () => `${webhook.name} goes on`)}>
          Resume
        </button>
      )}
      <button
        type="button"
        onClick={work("replay", (answer) => {
          const { replayed } = answer as { replayed: number };
          return `${counted(replayed, "message")} sent again`;
        })}
      >
        Replay
      </button>
      <button type="button" class="danger" onClick={remove}>
        Remove
      </button>
    </>
  );
}

function One({ webhook, reload }: { webhook: Webhook; reload: () => void }) {
  const filters = [...webhook.queues, ...webhook.kinds, ...webhook.definitions];
  return (
    <Panel title={webhook.name} actions={<Actions webhook={webhook} reload={reload} />}>
      <dl class="facts">
        <div>
          <dt>State</dt>
          <dd>
            <span class={`state state-${TONE[webhook.state]}`}>{webhook.state}</span>
            {webhook.failures > 0 && ` ${counted(webhook.failures, "failure")} in a row`}
          </dd>
        </div>
        <div>
          <dt>Address</dt>
          <dd>
            <Foreign text={webhook.url} />
          </dd>
        </div>
        <div>
          <dt>Told of</dt>
          <dd>
            {webhook.states.join(", ") || "every change"}
            {filters.length > 0 && ` of ${filters.join(", ")}`}
          </dd>
        </div>
        <div>
          <dt>Taken last</dt>
          <dd>
            <Time at={webhook.succeeded_at} />
          </dd>
        </div>
        {webhook.error && (
          <div>
            <dt>Last failure</dt>
            <dd>
              <Time at={webhook.failed_at} />: <Foreign text={webhook.error} />
            </dd>
          </div>
        )}
      </dl>
      <Deliveries name={webhook.name} />
    </Panel>
  );
}

export function WebhooksPage() {
  const [adding, setAdding] = useState(false);
  const webhooks = useResource(
    "webhooks",
    (abort) => get<{ webhooks: Webhook[] }>("/v1/webhooks", {}, abort),
    { everyMs: 5000 },
  );
  return (
    <Page
      title="Webhooks"
      lead="Your own servers, told what changes: signed, at least once, tried for three days."
      actions={
        may("admin") && (
          <button type="button" class="primary" onClick={() => setAdding(true)}>
            <Icon name="start" /> Add a webhook
          </button>
        )
      }
    >
      <Loaded of={webhooks}>
        {({ webhooks: all }) =>
          all.length ? (
            <>
              {all.map((webhook) => (
                <One key={webhook.name} webhook={webhook} reload={webhooks.reload} />
              ))}
            </>
          ) : (
            <Empty title="Nobody is told yet">
              <p>A webhook needs a secret that signs its messages: add that first.</p>
            </Empty>
          )
        }
      </Loaded>
      {adding && <AddDialog onClose={() => setAdding(false)} onChange={webhooks.reload} />}
    </Page>
  );
}
