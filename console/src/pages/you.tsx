// Who one is here, what that lets one do, and how others get in.

import { Link } from "wouter-preact";
import { get } from "../api/client";
import type { Right } from "../api/types";
import { useResource } from "../state/resource";
import { logOut, may, rightsOf, session } from "../state/session";
import { singleKeys, type Theme, theme, UNDO_SECONDS, undoSeconds } from "../state/settings";
import { Foreign, Loaded, Page, Panel, Time } from "../ui/bits";
import { complain } from "../ui/toast";

const RIGHTS: Record<Right, string> = {
  read: "look at everything but secrets and the audit log",
  submit: "start tasks; cancel, change and retry your own",
  work: "claim and run tasks, as workers do",
  operate: "cancel, change and retry any task; pause queues",
  admin: "tokens and people, webhooks, secrets, the audit log",
};
const CAME_BY = {
  session: "a session of this browser",
  token: "a token, kept by this tab alone",
  open: "nothing: this server asks nobody who they are",
};
const THEMES: Theme[] = ["system", "light", "dark"];

function Others() {
  const logins = useResource("logins", (abort) =>
    get<{ providers: { name: string; kind: string }[] }>("/v1/login", {}, abort),
  );
  return (
    <Panel title="People and tokens">
      <Loaded of={logins}>
        {({ providers }) => (
          <p>
            {providers.length
              ? `People log in at ${providers.map(({ name }) => name).join(", ")}.`
              : "Nobody logs in at this server: start it with --login FILE so that people can."}
          </p>
        )}
      </Loaded>
      {may("admin") ? (
        <p>
          <Link href="/access">Tokens and people</Link> makes, lists and revokes tokens, and ends
          sessions; so do on the server's machine:
        </p>
      ) : (
        <p>Tokens are made, listed and revoked by admins, or on the server's machine:</p>
      )}
      <ul class="lines">
        <li>
          <code>waybill token create --name ci --role submitter</code>
        </li>
        <li>
          <code>waybill token list</code>
        </li>
        <li>
          <code>waybill token revoke NAME</code>
        </li>
        <li>
          <code>waybill session list</code>
        </li>
      </ul>
    </Panel>
  );
}

export function YouPage() {
  const who = session.value;
  if (who.is !== "in") return null;
  const { me } = who;
  return (
    <Page
      title="You"
      actions={
        me.came_by !== "open" && (
          <button type="button" onClick={() => void logOut().catch(complain)}>
            Log out
          </button>
        )
      }
    >
      <div class="columns">
        <Panel title="Who you are here">
          <dl class="facts">
            <div>
              <dt>Name</dt>
              <dd>
                <Foreign text={me.name} max={100} />
              </dd>
            </div>
            <div>
              <dt>Role</dt>
              <dd>{me.role}</dd>
            </div>
            <div>
              <dt>Known by</dt>
              <dd>{CAME_BY[me.came_by]}</dd>
            </div>
            {me.session && (
              <div>
                <dt>Ends</dt>
                <dd>
                  <Time at={me.session.ends_at} />
                </dd>
              </div>
            )}
          </dl>
          <h3>You may</h3>
          <ul class="lines">
            {rightsOf(me.role).map((right) => (
              <li key={right}>
                <strong>{right}</strong>: {RIGHTS[right]}
              </li>
            ))}
          </ul>
        </Panel>
        <Panel title="This browser">
          <fieldset>
            <legend>Theme</legend>
            {THEMES.map((each) => (
              <label class="check" key={each}>
                <input
                  type="radio"
                  name="theme"
                  checked={theme.value === each}
                  onChange={() => (theme.value = each)}
                />
                {each}
              </label>
            ))}
          </fieldset>
          <label class="field">
            <span>How long messages stay, and what is done to many can be taken back</span>
            <select
              value={String(undoSeconds.value)}
              onChange={(event) => (undoSeconds.value = Number(event.currentTarget.value))}
            >
              {UNDO_SECONDS.map((seconds) => (
                <option value={String(seconds)} key={seconds}>
                  {seconds} seconds
                </option>
              ))}
            </select>
          </label>
          <p>
            <label class="check">
              <input
                type="checkbox"
                checked={singleKeys.value}
                onChange={() => (singleKeys.value = !singleKeys.value)}
              />
              Single keys do something; ? shows which
            </label>
          </p>
        </Panel>
        <Others />
      </div>
    </Page>
  );
}
