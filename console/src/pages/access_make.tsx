// A new token: what it may, and its text, which is shown this once.

import { useRef, useState } from "preact/hooks";
import { newKey, post, Problem, setToken } from "../api/client";
import type { Role, Token } from "../api/types";
import { askWhoIAm } from "../state/session";
import { Copy } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { complain } from "../ui/toast";

export interface Made {
  token: Token;
  secret: string | null;
}

const ROLES: Record<Role, string> = {
  viewer: "looks at everything but secrets",
  submitter: "also starts tasks, and ends its own",
  worker: "claims and runs tasks",
  operator: "starts anything; changes any task and queue",
  admin: "everything, also tokens and secrets",
};
const EXPIRES = { "30d": "30 days", "90d": "90 days", "365d": "a year", "": "for ever" };

export function MakeDialog(props: {
  /** The first of a server that asked nobody so far. */
  isFirst: boolean;
  onClose: () => void;
  onMade: (made: Made) => void;
}) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(props.isFirst ? "admin" : "viewer");
  const [expires, setExpires] = useState(props.isFirst ? "" : "90d");
  const [sending, setSending] = useState(false);
  const [isLost, setLost] = useState(false); // the answer, so that nobody knows
  // The same until it is answered: asking again after a lost answer makes no second token.
  const key = useRef(newKey());
  const confirm = (event: Event) => {
    event.preventDefault();
    setSending(true);
    const body = expires ? { name, role, expires } : { name, role };
    post<Made>("/v1/tokens", body, key.current).then(
      (made) => {
        // From now on this tab would be asked for one too.
        if (props.isFirst && made.secret) {
          setToken(made.secret);
          void askWhoIAm();
        }
        props.onMade(made);
      },
      (error) => {
        setSending(false);
        const lost = error instanceof Problem && error.status === 0;
        setLost(lost);
        if (lost) return;
        key.current = newKey();
        complain(error);
      },
    );
  };
  return (
    <Dialog title="Make a token" onClose={props.onClose}>
      <form onSubmit={confirm}>
        {props.isFirst && (
          <p>
            From its first token on this server asks everybody for one, this tab and workers too.
            So it is an admin's, and this tab goes on with it.
          </p>
        )}
        <label class="field">
          <span>Name: small letters, digits, dot, dash; what it makes is said to be by it</span>
          <input
            required
            pattern="[a-z0-9._\-]+"
            maxLength={200}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Role</span>
          <select
            value={role}
            disabled={props.isFirst}
            onChange={(event) => setRole(event.currentTarget.value as Role)}
          >
            {Object.entries(ROLES).map(([each, may]) => (
              <option value={each} key={each}>
                {each}: {may}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Good for</span>
          <select value={expires} onChange={(event) => setExpires(event.currentTarget.value)}>
            {Object.entries(EXPIRES).map(([each, text]) => (
              <option value={each} key={each}>
                {text}
              </option>
            ))}
          </select>
        </label>
        {isLost && <Lost isFirst={props.isFirst} />}
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            Leave it
          </button>
          <button type="submit" class="primary" disabled={sending}>
            {isLost ? "Ask again" : "Make it"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The request was sent, and nobody knows whether it arrived. */
function Lost({ isFirst }: { isFirst: boolean }) {
  return (
    <div class="trouble" role="alert">
      <Icon name="warning" />
      <div>
        <strong>No answer came</strong>
        <p>
          The token may have been made all the same. Ask again, with all as it is: no second one is
          made of it, and you are told how it stands.
        </p>
        {isFirst && (
          <p>
            If you are asked for a token then, it was made, and nobody has seen it: make another
            one on the server's machine, with <code>waybill token create --role admin</code>.
          </p>
        )}
      </div>
    </div>
  );
}

/** Closed only by who says that they have it: nobody can show it again. */
export function ShownOnce({ made, onClose }: { made: Made; onClose: () => void }) {
  const { token, secret } = made;
  return (
    <Dialog title={`Token ${token.name} is made`} onClose={onClose} firm>
      {secret ? (
        <>
          <p>This is its text. It is shown this once: nobody can read it again, so keep it now.</p>
          <div class="row shown-once">
            <input
              class="mono"
              readOnly
              aria-label={`The text of the token ${token.name}`}
              value={secret}
              onFocus={(event) => event.currentTarget.select()}
            />
            <Copy text={secret} what="the token" />
          </div>
        </>
      ) : (
        <p>
          Its text was in an answer that did not arrive, and nobody can read it again: revoke{" "}
          <code>{token.id}</code>, and make another one.
        </p>
      )}
      <div class="row end">
        <button type="button" class="primary" onClick={onClose}>
          {secret ? "I have kept it" : "Close"}
        </button>
      </div>
    </Dialog>
  );
}
