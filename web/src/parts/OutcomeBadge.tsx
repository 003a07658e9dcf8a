import { Badge, Tooltip } from "@fluentui/react-components";

import type { Outcome } from "../api/activity";

type Color = "success" | "warning" | "danger" | "informative";

interface Meaning {
  readonly word: string;
  readonly color: Color;
  readonly text: string;
}

/** What each outcome means, in the words of the API's document. */
export const outcomes: Record<Outcome, Meaning> = {
  merged: { word: "Merged", color: "success", text: "All data sets are in the profile." },
  "already-merged": {
    word: "Already merged",
    color: "success",
    text: "All data sets were in the profile already.",
  },
  "not-merged": {
    word: "Not merged",
    color: "danger",
    text: "The session went on without (some of) its data sets.",
  },
  stored: { word: "Stored", color: "success", text: "All that was exported is stored." },
  spooled: {
    word: "Spooled",
    color: "warning",
    text: "Some of what was exported waits on the Agent Server. Nothing is lost.",
  },
  quarantined: {
    word: "Quarantined",
    color: "danger",
    text: "Some of what was exported is kept beside the stored data set, which it did not replace.",
  },
  "left-alone": { word: "Left alone", color: "informative", text: "Nothing was to be done." },
  failed: { word: "Failed", color: "danger", text: "The work was not done." },
};

/** How a session, or one event of it, ended. */
export function OutcomeBadge({ outcome }: { readonly outcome: Outcome }) {
  const { word, color, text } = outcomes[outcome];
  return (
    <Tooltip content={text} relationship="description">
      <Badge appearance="tint" color={color}>
        {word}
      </Badge>
    </Tooltip>
  );
}
