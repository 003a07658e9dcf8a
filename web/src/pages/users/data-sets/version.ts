import type { Version } from "../../../api/dataSets";

/** What is to be known of a version, in words. */
export function stateOf(version: Version): string[] {
  const words: [boolean, string][] = [
    [version.current, "current"],
    [version.pinned, "pinned"],
    [version.damaged, "damaged"],
    [version.removed != null, "deleted"],
    [version["in-place-of"] != null, "in the place of a damaged one"],
    [version["restored-from"] != null, `content of version ${version["restored-from"] ?? ""}`],
    [!version.kept && !version.damaged, "not kept"],
  ];
  const said = words.filter(([is]) => is).map(([, word]) => word);
  return said.length === 0 ? ["former"] : said;
}

/** Who stored a version. */
export function whoOf(version: Version): string {
  if (version.by == null) return "not known";
  return version["by-agent"] ? `Agent on ${version.by}` : version.by;
}
