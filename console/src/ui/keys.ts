// Keys, but for those that are typed into a field.

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)) &&
    !(target instanceof HTMLInputElement && ["checkbox", "radio", "button"].includes(target.type))
  );
}

/** Calls the function of a key until the function that it returns is called. */
export function onKeys(keys: Record<string, () => unknown>): () => void {
  const listen = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const work = keys[event.key];
    if (!work) return;
    event.preventDefault();
    work();
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

/** For pairs as in `g t`: the key after the first counts, whatever it is. */
export function onPairs(first: string, seconds: Record<string, () => unknown>): () => void {
  let isWaiting = false;
  const listen = (event: KeyboardEvent) => {
    if (!isWaiting || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    isWaiting = false;
    const work = seconds[event.key];
    if (!work || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    work();
  };
  // Before those that take the second key alone.
  document.addEventListener("keydown", listen, true);
  const offFirst = onKeys({ [first]: () => (isWaiting = true) });
  return () => {
    offFirst();
    document.removeEventListener("keydown", listen, true);
  };
}
