// What the keys do.

import { routes } from "./routes";
import { singleKeys } from "./state/settings";
import { Dialog } from "./ui/dialog";

const KEYS: [string[], string][] = [
  [["Ctrl", "K"], "find a page, task, queue or definition"],
  [["?"], "show this"],
  [["/"], "go to the text filter"],
  [["j"], "next row of the list: tasks, runs, leases"],
  [["k"], "row before it"],
  [["x"], "select that task"],
  [["o"], "open that row"],
  [["Esc"], "back to the list, where you left it; from no form"],
];

function Keys({ keys }: { keys: string[] }) {
  return (
    <>
      {keys.map((key, index) => (
        <>
          {index > 0 && " "}
          <kbd>{key}</kbd>
        </>
      ))}
    </>
  );
}

export function Help({ onClose }: { onClose: () => void }) {
  const pages = routes.flatMap(({ menu }) => (menu?.key ? [[menu.key, menu.title]] : []));
  return (
    <Dialog title="Keyboard" onClose={onClose} wide>
      <div class="keys">
        <dl>
          {KEYS.map(([keys, text]) => (
            <div key={text}>
              <dt>
                <Keys keys={keys} />
              </dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        <dl>
          {pages.map(([key, title]) => (
            <div key={key}>
              <dt>
                <Keys keys={["g", key!]} />
              </dt>
              <dd>{title}</dd>
            </div>
          ))}
        </dl>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={() => (singleKeys.value = !singleKeys.value)}
        />
        Single keys do something (Ctrl+K always does)
      </label>
    </Dialog>
  );
}
