// Hands what was fetched with a token to the browser as a download.

import { send } from "../api/client";

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function saveText(parts: string[], name: string): void {
  save(new Blob(parts, { type: "text/plain" }), name);
}

export async function saveFrom(url: string, name: string): Promise<void> {
  save(await (await send("GET", url)).blob(), name);
}
