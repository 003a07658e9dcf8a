import { Button, Checkbox, Text } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { dataSubsets } from "../../api/farm";
import { PageLink } from "../../parts/PageLink";
import { ProblemBar } from "../../parts/ProblemBar";
import { presets } from "./presets";

/** Creates the first data subsets, out of the usual ones. */
export function SubsetStep() {
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<readonly string[]>(presets.map((preset) => preset.name));
  const create = useMutation({
    mutationFn: async () => {
      for (const preset of presets.filter(({ name }) => chosen.includes(name)))
        await dataSubsets.create(preset);
    },
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: [dataSubsets.key] });
      await queries.invalidateQueries({ queryKey: ["overview"] });
    },
  });
  return (
    <>
      <Text>
        What outlives a session. What must never travel, such as secrets of this machine or programs that
        start by themselves, is left out without being asked. You can change all of it later, or{" "}
        <PageLink inline to="/data-subsets">
          describe your own
        </PageLink>
        .
      </Text>
      <div role="group" aria-label="Data subsets to create">
        {presets.map((preset) => (
          <div key={preset.name}>
            <Checkbox
              label={`${preset.name}: ${preset.description ?? ""}`}
              checked={chosen.includes(preset.name)}
              onChange={(_, data) =>
                setChosen(
                  data.checked === true
                    ? [...chosen, preset.name]
                    : chosen.filter((name) => name !== preset.name),
                )
              }
            />
          </div>
        ))}
      </div>
      <ProblemBar error={create.error} title="Not created" />
      <div>
        <Button
          appearance="primary"
          disabled={create.isPending || chosen.length === 0}
          onClick={() => create.mutate()}
        >
          Create and go on
        </Button>
      </div>
    </>
  );
}
