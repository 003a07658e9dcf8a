/** By which column a table is sorted. */
export interface Sort {
  readonly title: string;
  readonly descending: boolean;
}

/** How a table is sorted after its heading was pressed. */
export function next(sort: Sort | null, title: string): Sort {
  return { title, descending: sort?.title === title && !sort.descending };
}

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Rows in order of what `by` gives; those that are equal stay as they were. TS10 comes after TS9. */
export function sorted<T>(rows: readonly T[], by: (row: T) => string | number, descending: boolean): T[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((left, right) => {
    const [a, b] = [by(left), by(right)];
    return (
      sign * (typeof a === "number" && typeof b === "number" ? a - b : names.compare(String(a), String(b)))
    );
  });
}

/** Whether one of the texts holds all words of a search, in any case. */
export function matches(search: string, texts: readonly (string | null | undefined)[]): boolean {
  const all = texts.join("\n").toLocaleLowerCase();
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
