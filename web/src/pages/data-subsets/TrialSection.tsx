import { Button, makeStyles, Spinner, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { DataSubset } from "../../api/farm";
import { trySubset } from "../../api/trials";
import { Choice } from "../../parts/Choice";
import { ProblemBar } from "../../parts/ProblemBar";
import { useMay, useReason } from "../../parts/useSession";
import { SourceChoice, type Sample } from "./SourceChoice";
import { groupsOf } from "./subset";
import { TrialResult } from "./TrialResult";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalS },
  test: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: tokens.spacingHorizontalM },
});

interface Props {
  /** As it would be saved. */
  readonly subset: DataSubset;
  readonly sample: Sample | null;
  readonly onSample: (sample: Sample | null) => void;
}

/** What a data subset would keep of somebody's data, and how big that is, before it is so. */
export function TrialSection({ subset, sample, onSample }: Props) {
  const styles = useStyles();
  const may = useMay()("restore");
  const reason = useReason();
  const groups = groupsOf(subset) ?? [];
  const [wanted, setGroup] = useState("");
  const group = groups.includes(wanted) ? wanted : groups[0];
  const trial = useMutation({
    mutationFn: (asked: { subset: DataSubset; sample: Sample }) =>
      trySubset(
        asked.subset,
        asked.sample.kind === "hive"
          ? { kind: "hive", hive: asked.sample.hive }
          : { kind: "user", sid: asked.sample.sid, group: group ?? null },
      ),
  });
  const changed =
    trial.data !== undefined && JSON.stringify(trial.variables.subset) !== JSON.stringify(subset);
  return (
    <section className={styles.root} aria-label="Try it">
      <Subtitle2 as="h3">Try it</Subtitle2>
      {may ? (
        <>
          <Text size={200}>
            What would be kept, and how big that is. Nothing is changed; a look into a user&apos;s data is
            noted in the audit log.
          </Text>
          <SourceChoice sample={sample} onChange={onSample} />
          {sample?.kind === "user" && groups.length > 1 && group !== undefined && (
            <Choice
              label="With the data set of group"
              value={group}
              options={groups.map((name) => [name, name] as const)}
              onChange={setGroup}
            />
          )}
          <div className={styles.test}>
            <Button
              disabled={sample === null || trial.isPending}
              onClick={() => sample !== null && trial.mutate({ subset, sample })}
            >
              Test
            </Button>
            {sample === null && (
              <Text size={200}>Choose a user from the list or type a whole SID, or choose a hive.</Text>
            )}
            {trial.isPending && <Spinner size="tiny" label="Reading the data" />}
          </div>
        </>
      ) : (
        <Text size={200}>{reason}</Text>
      )}
      <ProblemBar error={trial.error} title="Not tried" />
      {trial.data !== undefined && <TrialResult trial={trial.data} changed={changed} />}
    </section>
  );
}
