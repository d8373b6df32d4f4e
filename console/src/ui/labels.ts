// Labels as people write them, one beside the other: `team=data note="two words"`.

export function readLabels(text: string): string[] {
  const words = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.map((word) => word.replaceAll('"', "")).filter((word) => word.includes("="));
}

/** Of `name=value`. */
export function writeLabels(labels: readonly string[]): string {
  const one = (label: string) => (/\s/.test(label) ? `${label.replace("=", '="')}"` : label);
  return labels.map(one).join(" ");
}
