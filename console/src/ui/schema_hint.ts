// What a JSON Schema says of a value beside its type, for a person.

import type { Json, JsonObject } from "../api/types";

export const text = (value: Json | undefined) => (typeof value === "string" ? value : "");
export const number = (value: Json | undefined) => (typeof value === "number" ? value : undefined);

function rangeOf(schema: JsonObject): string {
  const [least, most] = [number(schema.minimum), number(schema.maximum)];
  const [above, below] = [number(schema.exclusiveMinimum), number(schema.exclusiveMaximum)];
  if (least !== undefined && most !== undefined && above === undefined && below === undefined) {
    return `from ${least} to ${most}`;
  }
  const parts: string[] = [];
  if (least !== undefined) parts.push(`at least ${least}`);
  if (above !== undefined) parts.push(`more than ${above}`);
  if (most !== undefined) parts.push(`at most ${most}`);
  if (below !== undefined) parts.push(`less than ${below}`);
  return parts.join(", ");
}

function countOf(least: Json | undefined, most: Json | undefined, what: string): string {
  const [from, to] = [number(least), number(most)];
  if (from !== undefined && from === to) return `${from} ${what}`;
  if (from && to !== undefined) return `${from} to ${to} ${what}`;
  if (from) return `at least ${from} ${what}`;
  return to === undefined ? "" : `at most ${to} ${what}`;
}

export function hintOf(schema: JsonObject): string {
  const step = number(schema.multipleOf);
  const parts = [
    schema.const === undefined ? "" : `only ${JSON.stringify(schema.const)}`,
    rangeOf(schema),
    step === undefined ? "" : `a multiple of ${step}`,
    countOf(schema.minLength, schema.maxLength, "characters"),
    countOf(schema.minItems, schema.maxItems, "entries"),
    schema.uniqueItems === true ? "none twice" : "",
    text(schema.pattern) && `like ${text(schema.pattern)}`,
    text(schema.format),
    schema.default === undefined ? "" : `else ${JSON.stringify(schema.default)}`,
  ];
  return parts.filter(Boolean).join(", ").replace(/\b1 characters/, "1 character");
}
