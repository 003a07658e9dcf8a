/** A field of which two versions say different things. */
export interface Difference {
  readonly field: string;
  readonly mine: string;
  readonly theirs: string;
}

/** Fields in which two described items differ; what only one of them has is nothing in the other. */
export function different(
  mine: readonly (readonly [string, string])[],
  theirs: readonly (readonly [string, string])[],
): Difference[] {
  const other = new Map(theirs);
  const fields = [...mine.map(([field]) => field), ...theirs.map(([field]) => field)];
  const own = new Map(mine);
  return [...new Set(fields)]
    .map((field) => ({ field, mine: own.get(field) ?? "", theirs: other.get(field) ?? "" }))
    .filter((row) => row.mine !== row.theirs);
}
