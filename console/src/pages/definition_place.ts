// Where a definition stands.

import type { DefinitionSource } from "../api/types";

export function placeOf(source: DefinitionSource): string {
  const place = source.line > 0 ? `${source.file}:${source.line}` : source.file;
  if (!source.repository) return place;
  return `${source.repository} at ${(source.commit ?? "").slice(0, 12)}, ${place}`;
}
