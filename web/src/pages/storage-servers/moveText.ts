import type { StorageMove } from "../../api/moves";

/** Whether a move still goes on. */
export const isUnderWay = ({ phase }: StorageMove) => phase !== "ended" && phase !== "cancelled";

/** Where a move is, in a sentence. */
export function phaseText(move: StorageMove): string {
  const waiting = move["waiting-for"];
  switch (move.phase) {
    case "copying":
      return `${move.to} takes over what ${move.from} has; Agents use ${move.from}.`;
    case "switched":
      return waiting.length === 0
        ? `Agents are told to use ${move.to}.`
        : `Agents use ${move.to}, but not yet: ${waiting.join(", ")}.`;
    case "finishing":
      return `No Agent uses ${move.from} any more; it is looked at once more.`;
    case "ended":
      return `Done. ${move.from} keeps what it has, and serves none of it.`;
    case "cancelled":
      return "Given up before Agents were told.";
  }
}

/** What was taken over, and what was not. */
export function progressText({ progress }: StorageMove): string {
  const parts = [`${progress.users.toLocaleString()} of ${progress.listed.toLocaleString()} users`];
  if (progress.versions > 0) parts.push(`${progress.versions.toLocaleString()} versions`);
  if (progress.quarantined > 0) parts.push(`${progress.quarantined.toLocaleString()} in quarantine`);
  if (progress.merged > 0) parts.push(`${progress.merged.toLocaleString()} users merged`);
  if (progress.failed > 0) parts.push(`${progress.failed.toLocaleString()} users not yet`);
  return parts.join(", ");
}
