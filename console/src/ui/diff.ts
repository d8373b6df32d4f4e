// Two texts, line by line: what is the same, what is gone, what is new.

export interface DiffRow {
  /** null: the line is on one side alone. */
  old: string | null;
  now: string | null;
}

/** Above this many pairs of lines all that differs is taken as one change. */
const PAIRS_MAX = 4_000_000;

/** The length of the longest common subsequence from each pair of lines on. */
function lengthsOf(old: readonly string[], now: readonly string[]): Uint32Array {
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        old[i] === now[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  return lengths;
}

/** Lines that are gone and lines that are new, in one place, stand beside one another. */
function beside(gone: string[], added: string[]): DiffRow[] {
  return Array.from({ length: Math.max(gone.length, added.length) }, (_, at) => ({
    old: gone[at] ?? null,
    now: added[at] ?? null,
  }));
}

function middle(old: readonly string[], now: readonly string[]): DiffRow[] {
  if (old.length * now.length > PAIRS_MAX) return beside([...old], [...now]);
  const lengths = lengthsOf(old, now);
  const width = now.length + 1;
  const rows: DiffRow[] = [];
  let gone: string[] = [];
  let added: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      rows.push(...beside(gone, added), { old: old[i]!, now: now[j]! });
      [gone, added] = [[], []];
      i++;
      j++;
    } else if (
      j >= now.length ||
      (i < old.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)
    ) {
      gone.push(old[i++]!);
    } else {
      added.push(now[j++]!);
    }
  }
  return [...rows, ...beside(gone, added)];
}

export function diff(oldText: string, newText: string): DiffRow[] {
  const old = oldText.split("\n");
  const now = newText.split("\n");
  const least = Math.min(old.length, now.length);
  let begin = 0;
  while (begin < least && old[begin] === now[begin]) begin++;
  let end = 0;
  while (end < least - begin && old[old.length - 1 - end] === now[now.length - 1 - end]) end++;
  const same = (lines: string[]) => lines.map((line) => ({ old: line, now: line }));
  return [
    ...same(old.slice(0, begin)),
    ...middle(old.slice(begin, old.length - end), now.slice(begin, now.length - end)),
    ...same(old.slice(old.length - end)),
  ];
}
