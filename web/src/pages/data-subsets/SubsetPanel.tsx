import { makeStyles, MessageBar, MessageBarBody, Toolbar } from "@fluentui/react-components";
import { DeleteRegular, EditRegular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { dataSubsets, type DataSubset } from "../../api/farm";
import { Command } from "../../parts/Command";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { DetailsPanel } from "../../parts/DetailsPanel";
import { Facts } from "../../parts/Facts";
import type { Sample } from "./SourceChoice";
import { describeSubset } from "./subset";
import { TrialSection } from "./TrialSection";

const useStyles = makeStyles({ lines: { whiteSpace: "pre-wrap" } });

interface Props {
  readonly name: string;
  readonly subset: DataSubset | undefined;
  readonly onEdit: () => void;
  readonly onClose: () => void;
}

/** One data subset. */
export function SubsetPanel({ name, subset, onEdit, onClose }: Props) {
  const styles = useStyles();
  const queries = useQueryClient();
  const [asked, setAsked] = useState(false);
  const [sample, setSample] = useState<Sample | null>(null);
  if (subset === undefined) {
    return (
      <DetailsPanel title={name} open onClose={onClose}>
        <MessageBar intent="warning">
          <MessageBarBody>There is no data subset of this name any more.</MessageBarBody>
        </MessageBar>
      </DetailsPanel>
    );
  }
  return (
    <DetailsPanel title={subset.name} open onClose={onClose} size="large">
      <Toolbar aria-label={`Data subset ${subset.name}`}>
        <Command needs="configure" icon={<EditRegular />} onClick={onEdit}>
          Edit
        </Command>
        <Command needs="configure" icon={<DeleteRegular />} onClick={() => setAsked(true)}>
          Delete
        </Command>
      </Toolbar>
      <Facts
        facts={describeSubset(subset).map(([title, text]) => [
          title,
          <span key={title} className={styles.lines}>
            {text === "" ? "–" : text}
          </span>,
        ])}
      />
      <TrialSection subset={subset} sample={sample} onSample={setSample} />
      {asked && (
        <ConfirmDialog
          title={`Delete data subset ${subset.name}?`}
          action="Delete"
          onConfirm={async () => {
            const { etag } = await dataSubsets.get(subset.name);
            await dataSubsets.remove(subset.name, etag);
            onClose();
            await queries.invalidateQueries({ queryKey: [dataSubsets.key] });
          }}
          onClose={() => setAsked(false)}
        >
          Sessions that begin from now on do not get these settings, and what users change there is kept no
          more. What is stored stays in former versions of the users&apos; data sets as long as these are
          kept.
        </ConfirmDialog>
      )}
    </DetailsPanel>
  );
}
