import { Subtitle2, Text } from "@fluentui/react-components";

import type { AuditEntry } from "../../api/activity";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { Facts } from "../../parts/Facts";
import { LineDifference } from "../../parts/LineDifference";
import { momentOf } from "../../parts/times";

interface Props {
  readonly entry: AuditEntry;
  readonly onClose: () => void;
}

const lines = (text: string | null | undefined) => (text == null || text.endsWith("\n") ? text : `${text}\n`);

/** One line of the audit log, with what it was before and is now. */
export function EntryPanel({ entry, onClose }: Props) {
  return (
    <DetailsPanel title={`Entry ${entry.id}`} open onClose={onClose} size="large">
      <Facts
        facts={[
          ["When", momentOf(entry.at)],
          ["Who", entry.who],
          ["From", entry.address === "" ? "the console itself" : entry.address],
          ["What", entry.action],
          ["To what", entry.subject === "" ? "–" : entry.subject],
          ["Details", entry.details === "" ? "–" : entry.details],
          ["Seal", entry.hash === "" ? "none, of an older version" : entry.hash],
        ]}
      />
      {entry.changes.map((change, index) => (
        <section key={index} aria-label={`Change of ${change.subject}`}>
          <Subtitle2 as="h2">{change.subject}</Subtitle2>
          <LineDifference before={lines(change.before) ?? ""} after={lines(change.after) ?? ""} />
        </section>
      ))}
      {entry.changes.length === 0 && <Text>Nothing that has a before and an after was changed.</Text>}
    </DetailsPanel>
  );
}
