import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { dataSets } from "../../api/dataSets";
import type { DataSubset } from "../../api/farm";
import { sampleKeys } from "../../api/trials";
import { Choice } from "../../parts/Choice";
import { DialogFrame } from "../../parts/DialogFrame";
import { EmptyState } from "../../parts/EmptyState";
import { KeyTree, type Asked, type TreeLevel, type TreePlace } from "../../parts/KeyTree";
import { Loaded } from "../../parts/Loaded";
import { SplitView } from "../../parts/SplitView";
import { scopeName } from "../users/data-sets/items";
import { levelOf, placeQuery } from "../users/data-sets/queries";
import { actionAt, sampleLevel } from "./picking";
import { PlacePicker } from "./PlacePicker";
import { SourceChoice, type Sample } from "./SourceChoice";

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
  const never = { staleTime: Infinity, gcTime: 0, retry: false, refetchOnWindowFocus: false } as const;
  const found = useQuery({ queryKey: ["sample-hive"], queryFn: () => sampleKeys(hive), ...never });
  return (
    <Loaded query={found} what="the hive">
      {(keys) => (
        <Places
          draft={draft}
          onChange={onChange}
          ask={(at) => ({
            ...never,
            queryKey: ["sample-hive", "place", found.dataUpdatedAt, at],
            queryFn: () =>
              Promise.resolve({
                level: sampleLevel(keys, at),
                values: keys.keys.find((key) => key.path === at?.path)?.values ?? [],
              }),
          })}
          level={({ level }) => level}
          valuesOf={({ values }) => values}
        />
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
        const { number } = shown.current;
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
            <Places
              key={shown.scope}
              draft={draft}
              onChange={onChange}
              ask={(at) => placeQuery({ set: { sid, scope: shown.scope }, number }, at)}
              level={levelOf}
              valuesOf={(content) => content.values.map((value) => value.name)}
            />
          </>
        );
      }}
    </Loaded>
  );
}

interface PlacesProps<T> extends TreeProps {
  readonly ask: (place: TreePlace | null) => Asked<T>;
  readonly level: (answer: T) => TreeLevel;
  /** Names of the values of a key. */
  readonly valuesOf: (answer: T) => readonly string[];
}

/** A tree, and the rule of what is chosen in it. */
function Places<T>({ draft, onChange, ask, level, valuesOf }: PlacesProps<T>) {
  const [place, setPlace] = useState<TreePlace | null>(null);
  const inside = useQuery({ ...ask(place), enabled: place !== null });
  return (
    <SplitView halves>
      <KeyTree ask={ask} level={level} chosen={place} onChoose={setPlace} mark={markOf(draft)} />
      <PlacePicker
        key={place?.path}
        draft={draft}
        onChange={onChange}
        place={place}
        values={inside.data === undefined ? [] : valuesOf(inside.data)}
      />
    </SplitView>
  );
}
