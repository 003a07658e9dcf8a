import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { dataSets } from "../../api/dataSets";
import type { DataSubset } from "../../api/farm";
import { sampleKeys } from "../../api/trials";
import { Choice } from "../../parts/Choice";
import { DialogFrame } from "../../parts/DialogFrame";
import { EmptyState } from "../../parts/EmptyState";
import { KeyTree, type TreePlace } from "../../parts/KeyTree";
import { Loaded } from "../../parts/Loaded";
import { scopeName } from "../users/data-sets/items";
import { levelOf, placeQuery } from "../users/data-sets/queries";
import { actionAt, sampleLevel } from "./picking";
import { PlacePicker } from "./PlacePicker";
import { SourceChoice, type Sample } from "./SourceChoice";

const useStyles = makeStyles({
  split: {
    display: "grid",
    gridTemplateColumns: "minmax(0, 1fr) minmax(0, 1fr)",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    minHeight: "320px",
    "@media (max-width: 899px)": { gridTemplateColumns: "minmax(0, 1fr)" },
  },
});

interface Props {
  readonly draft: DataSubset;
  readonly onChange: (part: Partial<DataSubset>) => void;
  readonly sample: Sample | null;
  readonly onSample: (sample: Sample | null) => void;
  readonly onClose: () => void;
}

/** Rules picked from what there is: from a user's stored data, or from a hive. */
export function PickerDialog({ draft, onChange, sample, onSample, onClose }: Props) {
  const tree = { draft, onChange };
  return (
    <DialogFrame
      title="Pick keys and folders"
      onClose={onClose}
      width="widest"
      actions={
        <Button appearance="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <SourceChoice sample={sample} onChange={onSample} />
      {sample?.kind === "hive" && <HiveTree key={sample.name} {...tree} hive={sample.hive} />}
      {sample?.kind === "user" && <UserTree key={sample.sid} {...tree} sid={sample.sid} />}
    </DialogFrame>
  );
}

interface TreeProps {
  readonly draft: DataSubset;
  readonly onChange: (part: Partial<DataSubset>) => void;
}

const markOf = (draft: DataSubset) => (place: TreePlace) => {
  const action = actionAt(draft, place);
  return action && (action === "include" ? "keep" : "leave out");
};

/** The keys of a hive. */
function HiveTree({ draft, onChange, hive }: TreeProps & { readonly hive: string }) {
  const styles = useStyles();
  const [place, setPlace] = useState<TreePlace | null>(null);
  const never = { staleTime: Infinity, gcTime: 0, retry: false, refetchOnWindowFocus: false } as const;
  const found = useQuery({ queryKey: ["sample-hive"], queryFn: () => sampleKeys(hive), ...never });
  return (
    <Loaded query={found} what="the hive">
      {(keys) => (
        <div className={styles.split}>
          <KeyTree
            ask={(at) => ({
              ...never,
              queryKey: ["sample-hive", "level", found.dataUpdatedAt, at],
              queryFn: () => Promise.resolve(sampleLevel(keys, at)),
            })}
            level={(level) => level}
            chosen={place}
            onChoose={setPlace}
            mark={markOf(draft)}
          />
          <PlacePicker
            key={place?.path}
            draft={draft}
            onChange={onChange}
            place={place}
            values={keys.keys.find((key) => key.path === place?.path)?.values ?? []}
          />
        </div>
      )}
    </Loaded>
  );
}

/** The newest data sets of a user. */
function UserTree({ draft, onChange, sid }: TreeProps & { readonly sid: string }) {
  const [scope, setScope] = useState("");
  const found = useQuery({ queryKey: ["data-sets", sid], queryFn: () => dataSets(sid) });
  return (
    <Loaded query={found} what="the user's data sets">
      {(all) => {
        const stored = all.filter((set) => set.current != null);
        const shown = stored.find((set) => set.scope === scope) ?? stored[0];
        if (shown?.current == null) {
          return (
            <EmptyState title="Nothing is stored of this user">
              Choose another user, or a sample hive.
            </EmptyState>
          );
        }
        return (
          <>
            {stored.length > 1 && (
              <Choice
                label="Data set"
                value={shown.scope}
                options={stored.map((set) => [set.scope, scopeName(set.scope)] as const)}
                onChange={setScope}
              />
            )}
            <VersionTree
              key={shown.scope}
              draft={draft}
              onChange={onChange}
              of={{ set: { sid, scope: shown.scope }, number: shown.current.number }}
            />
          </>
        );
      }}
    </Loaded>
  );
}

function VersionTree({ draft, onChange, of }: TreeProps & { readonly of: Parameters<typeof placeQuery>[0] }) {
  const styles = useStyles();
  const [place, setPlace] = useState<TreePlace | null>(null);
  const inside = useQuery({ ...placeQuery(of, place), enabled: place !== null });
  return (
    <div className={styles.split}>
      <KeyTree
        ask={(at) => placeQuery(of, at)}
        level={levelOf}
        chosen={place}
        onChoose={setPlace}
        mark={markOf(draft)}
      />
      <PlacePicker
        key={place?.path}
        draft={draft}
        onChange={onChange}
        place={place}
        values={(inside.data?.values ?? []).map((value) => value.name)}
      />
    </div>
  );
}
