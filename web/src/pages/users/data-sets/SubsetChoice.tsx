import { Text } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { dataSubsets, type DataSubset } from "../../../api/farm";
import { Choice } from "../../../parts/Choice";
import { Loaded } from "../../../parts/Loaded";
import { scopeName } from "./items";

interface Props {
  readonly scope: string;
  readonly name: string;
  readonly onChange: (name: string) => void;
}

/** Whether a data subset is kept in the data sets of a scope. */
function isIn(subset: DataSubset, scope: string): boolean {
  if (subset.applies === "global") return scope === "global";
  const group = scope.replace(/^group:/, "").toLowerCase();
  return scope !== "global" && subset.applies.groups.some((name) => name.toLowerCase() === group);
}

/** One of the data subsets that are kept in a scope. */
export function SubsetChoice({ scope, name, onChange }: Props) {
  const subsets = useQuery({ queryKey: [dataSubsets.key], queryFn: dataSubsets.list });
  return (
    <Loaded query={subsets} what="the data subsets">
      {(all) => {
        const there = all.filter((subset) => isIn(subset, scope));
        if (there.length === 0) {
          return (
            <Text>No data subset is kept in {scopeName(scope)} now. Restore keys or files instead.</Text>
          );
        }
        return (
          <Choice
            label="Data subset"
            value={name}
            options={there.map((subset) => [subset.name, subset.name] as const)}
            onChange={onChange}
            hint="All that it keeps is brought back as it was; all else stays as it is now."
          />
        );
      }}
    </Loaded>
  );
}
