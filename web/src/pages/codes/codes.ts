import text from "../../../../docs/reference/codes.md?raw";

/** A stable code and its explanation. */
export interface Explained {
  readonly code: string;
  /** Heading of the part of the page that it stands in. */
  readonly part: string;
  /** Name and text of each of the other columns. */
  readonly columns: readonly (readonly [string, string])[];
}

const cellsOf = (line: string) =>
  line
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim().replaceAll("`", ""));

/** Reads the tables of `docs/reference/codes.md` whose first column is the code. */
export function parseCodes(markdown: string): Explained[] {
  const found: Explained[] = [];
  let part = "";
  let titles: string[] = [];
  for (const line of markdown.split("\n")) {
    if (line.startsWith("#")) part = line.replace(/^#+ /, "");
    if (!line.startsWith("|")) {
      titles = [];
      continue;
    }
    const [first = "", ...rest] = cellsOf(line);
    if (first === "code") titles = rest;
    else if (titles.length > 0 && /^MP-[A-Z]+-\d+$/.test(first)) {
      found.push({ code: first, part, columns: titles.map((title, index) => [title, rest[index] ?? ""]) });
    }
  }
  return found;
}

/** All codes, in the order of the document. */
export const codes: readonly Explained[] = parseCodes(text);
