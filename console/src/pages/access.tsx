// Who may come in: API tokens, and the browsers of people who have logged in.

import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { get, path, send } from "../api/client";
import type { LoginSession, Token } from "../api/types";
import { useResource } from "../state/resource";
import { session } from "../state/session";
import { Empty, Foreign, Loaded, Page, Panel, Time } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { counted } from "../ui/format";
import { Icon } from "../ui/icon";
import { Table } from "../ui/table";
import { complain, say } from "../ui/toast";
import { MakeDialog, type Made, ShownOnce } from "./access_make";

/** Outlives the page: where the first token of a server turns this tab away for a moment. */
const made = signal<Made | null>(null);

const TONE = { active: "succeeded", expired: "scheduled", revoked: "cancelled" };

function StateOf({ state }: { state: Token["state"] }) {
  return <span class={`state state-${TONE[state]}`}>{state}</span>;
}

function Mine({ is, whose }: { is: boolean; whose: string }) {
  return is ? <span class="muted"> ({whose})</span> : null;
}

/** Asks before it is done: it cannot be taken back. */
function Question(props: {
  title: string;
  text: string;
  choices: { title: string; at: string; done: string }[];
  onClose: () => void;
  onChange: () => void;
}) {
  const choose = (at: string, done: string) =>
    void send("DELETE", at).then(() => {
      say(done);
      props.onClose();
      props.onChange();
    }, complain);
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p>{props.text}</p>
      <div class="row end">
        <button type="button" onClick={props.onClose}>
          Leave it
        </button>
        {props.choices.map(({ title, at, done }) => (
          <button type="button" class="danger" key={title} onClick={() => choose(at, done)}>
            {title}
          </button>
        ))}
      </div>
    </Dialog>
  );
}

function RevokeDialog(props: { token: Token; onClose: () => void; onChange: () => void }) {
  const { id, name, current } = props.token;
  const text = current
    ? "This is the token that this tab uses: it is of no use any more at once, and you " +
      "need another to come back."
    : "Whoever uses it is refused at once, and its open streams end. What it has made " +
      "stays, also other tokens. It never comes back: make another one if you need it.";
  return (
    <Question
      title={`Revoke ${name} (${id})?`}
      text={text}
      choices={[{ title: "Revoke it", at: path("tokens", id), done: `${name} is revoked` }]}
      onClose={props.onClose}
      onChange={props.onChange}
    />
  );
}

function Tokens(props: { all: Token[]; onChange: () => void }) {
  const [asked, setAsked] = useState<Token | null>(null);
  const [withOld, setWithOld] = useState(false);
  const old = props.all.filter(({ state }) => state !== "active").length;
  const shown = withOld ? props.all : props.all.filter(({ state }) => state === "active");
  return (
    <Panel
      title="Tokens"
      actions={
        old > 0 && (
          <label class="check">
            <input type="checkbox" checked={withOld} onChange={() => setWithOld(!withOld)} />
            also {counted(old, "old one")}
          </label>
        )
      }
    >
      {shown.length > 0 ? (
        <Table
          caption="API tokens"
          rows={shown}
          id={({ id }) => id}
          columns={[
            {
              title: "Token",
              narrow: "title",
              cell: ({ name, id, current }) => (
                <>
                  {name} <code>{id}</code>
                  <Mine is={current} whose="this tab's" />
                </>
              ),
            },
            { title: "Role", cell: ({ role }) => role },
            { title: "State", cell: ({ state }) => <StateOf state={state} /> },
            {
              title: "Made",
              cell: ({ created_at, created_by }) => (
                <>
                  <Time at={created_at} as="relative" /> by <Foreign text={created_by} max={60} />
                </>
              ),
            },
            {
              title: "Expires",
              cell: ({ expires_at }) =>
                expires_at ? <Time at={expires_at} as="relative" /> : "never",
            },
            {
              title: "Last used",
              cell: ({ last_used_at }) =>
                last_used_at ? <Time at={last_used_at} as="relative" /> : "never",
            },
            {
              title: "Action",
              cell: (token) =>
                token.state !== "revoked" && (
                  <button type="button" class="danger" onClick={() => setAsked(token)}>
                    Revoke<span class="unseen"> {token.name}</span>
                  </button>
                ),
            },
          ]}
        />
      ) : (
        <Empty title={old > 0 ? "No token is good any more" : "There is no token yet"}>
          <p>
            Programs and workers come in with one: make one for each, with no more rights than it
            needs.
          </p>
        </Empty>
      )}
      {asked && (
        <RevokeDialog token={asked} onClose={() => setAsked(null)} onChange={props.onChange} />
      )}
    </Panel>
  );
}

function EndDialog(props: {
  one: LoginSession;
  all: LoginSession[];
  onClose: () => void;
  onChange: () => void;
}) {
  const { id, person, current } = props.one;
  const theirs = props.all.filter((each) => each.person === person && each.state === "active");
  const choices = [
    { title: "End it", at: path("sessions", id), done: `A session of ${person} has ended` },
  ];
  if (theirs.length > 1) {
    choices.unshift({
      title: `End all ${theirs.length} of theirs`,
      at: path("sessions", person),
      done: `All sessions of ${person} have ended`,
    });
  }
  return (
    <Question
      title={`End a session of ${person}?`}
      text={
        (current ? "It is this browser's own: you are logged out. " : "") +
        "They can log in again; only the rules of the file of --login keep somebody out."
      }
      choices={choices}
      onClose={props.onClose}
      onChange={props.onChange}
    />
  );
}

function People(props: { all: LoginSession[]; onChange: () => void }) {
  const [asked, setAsked] = useState<LoginSession | null>(null);
  const providers = useResource("logins", (abort) =>
    get<{ providers: { name: string }[] }>("/v1/login", {}, abort),
  );
  const none = providers.data?.providers.length === 0;
  return (
    <Panel title="People who are logged in">
      {props.all.length > 0 ? (
        <Table
          caption="Sessions of people"
          rows={props.all}
          id={({ id }) => id}
          columns={[
            {
              title: "Person",
              narrow: "title",
              cell: ({ person, current }) => (
                <>
                  <Foreign text={person} max={60} />
                  <Mine is={current} whose="this browser's" />
                </>
              ),
            },
            { title: "Role", cell: ({ role }) => role ?? "none any more" },
            { title: "State", cell: ({ state }) => <StateOf state={state} /> },
            { title: "Since", cell: ({ created_at }) => <Time at={created_at} as="relative" /> },
            { title: "Last seen", cell: ({ seen_at }) => <Time at={seen_at} as="relative" /> },
            { title: "From", cell: ({ seen_from }) => seen_from ?? "not noted" },
            { title: "Ends", cell: ({ ends_at }) => <Time at={ends_at} as="relative" /> },
            {
              title: "Action",
              cell: (one) =>
                one.state === "active" && (
                  <button type="button" class="danger" onClick={() => setAsked(one)}>
                    End<span class="unseen"> a session of {one.person}</span>
                  </button>
                ),
            },
          ]}
        />
      ) : (
        <Empty title="Nobody has logged in lately">
          {none && (
            <p>
              Nobody can at this server: start it with <code>--login FILE</code>, which says where
              people log in and what they may.
            </p>
          )}
        </Empty>
      )}
      {asked && (
        <EndDialog
          one={asked}
          all={props.all}
          onClose={() => setAsked(null)}
          onChange={props.onChange}
        />
      )}
    </Panel>
  );
}

export function AccessPage() {
  const [making, setMaking] = useState(false);
  const who = session.value;
  const tokens = useResource(
    "tokens",
    (abort) => get<{ tokens: Token[] }>("/v1/tokens", {}, abort),
    { everyMs: 10_000 },
  );
  const people = useResource(
    "sessions",
    (abort) => get<{ sessions: LoginSession[] }>("/v1/sessions", {}, abort),
    { everyMs: 10_000 },
  );
  const isOpen = who.is === "in" && who.me.came_by === "open";
  return (
    <Page
      title="Tokens and people"
      lead="Who may come in, and what with."
      actions={
        tokens.data && (
          <button type="button" class="primary" onClick={() => setMaking(true)}>
            <Icon name="start" /> Make a token
          </button>
        )
      }
    >
      {isOpen && (
        <div class="trouble">
          <Icon name="warning" />
          <p>
            This server asks nobody who they are: whoever reaches its address may do everything.
            Unless it was started with <code>--insecure</code>, it asks everybody for a token once
            there is one.
          </p>
        </div>
      )}
      <Loaded of={tokens}>
        {({ tokens: all }) => <Tokens all={all} onChange={tokens.reload} />}
      </Loaded>
      {/* Who may not look at one may not look at the other: it is said once. */}
      {!tokens.problem && (
        <Loaded of={people}>
          {({ sessions: all }) => <People all={all} onChange={people.reload} />}
        </Loaded>
      )}
      {making && (
        <MakeDialog
          isFirst={isOpen && tokens.data?.tokens.length === 0}
          onClose={() => setMaking(false)}
          onMade={(one) => {
            made.value = one;
            setMaking(false);
            tokens.reload();
          }}
        />
      )}
      {made.value && <ShownOnce made={made.value} onClose={() => (made.value = null)} />}
    </Page>
  );
}
