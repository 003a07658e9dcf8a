import { Button, Checkbox, makeStyles, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { useState } from "react";

import type { DataSubset } from "../../api/farm";
import { Buttons } from "../../parts/Buttons";
import { EmptyState } from "../../parts/EmptyState";
import type { TreePlace } from "../../parts/KeyTree";
import { keyName, valueName } from "../users/data-sets/items";
import { actionAt, withRule, withValues } from "./picking";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalS, minWidth: 0 },
  name: { overflowWrap: "anywhere", margin: 0 },
  values: { maxHeight: "40vh", overflowY: "auto" },
  value: { display: "flex" },
});

interface Props {
  readonly draft: DataSubset;
  readonly onChange: (part: Partial<DataSubset>) => void;
  readonly place: TreePlace | null;
  /** Names of the values of a key. */
  readonly values: readonly string[];
}

/** What becomes of one key or folder, or of some values of a key. */
export function PlacePicker({ draft, onChange, place, values }: Props) {
  const styles = useStyles();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  if (place === null) {
    return (
      <EmptyState title="Choose a key or folder">
        Then say whether it is kept with all below it, or left out of what is kept around it.
      </EmptyState>
    );
  }
  const action = actionAt(draft, place);
  const pickValues = (does: "include" | "exclude") => {
    onChange(withValues(draft, place.path, chosen, does));
    setChosen([]);
  };
  return (
    <section className={styles.root} aria-label="Rule">
      <Subtitle2 as="h3" className={styles.name}>
        {place.kind === "key" ? keyName(place.path) : place.path}
      </Subtitle2>
      <Text>
        {action === undefined && "It has no rule of its own."}
        {action === "include" && "It is kept with all below it."}
        {action === "exclude" && "It is left out with all below it."}
      </Text>
      <Buttons>
        {action !== "include" && (
          <Button onClick={() => onChange(withRule(draft, place, "include"))}>Keep it</Button>
        )}
        {action !== "exclude" && (
          <Button onClick={() => onChange(withRule(draft, place, "exclude"))}>Leave it out</Button>
        )}
        {action !== undefined && (
          <Button onClick={() => onChange(withRule(draft, place, null))}>Remove the rule</Button>
        )}
      </Buttons>
      {values.length > 0 && (
        <>
          <Subtitle2 as="h4" className={styles.name}>
            Values
          </Subtitle2>
          <div className={styles.values} role="group" aria-label="Values" tabIndex={0}>
            {values.map((name, index) => (
              <div key={`${index} ${name}`} className={styles.value}>
                <Checkbox
                  label={valueName(name)}
                  checked={chosen.includes(name)}
                  onChange={(_, data) =>
                    setChosen(
                      data.checked === true ? [...chosen, name] : chosen.filter((each) => each !== name),
                    )
                  }
                />
              </div>
            ))}
          </div>
          <Buttons>
            <Button disabled={chosen.length === 0} onClick={() => pickValues("include")}>
              Keep these values
            </Button>
            <Button disabled={chosen.length === 0} onClick={() => pickValues("exclude")}>
              Leave these values out
            </Button>
          </Buttons>
        </>
      )}
    </section>
  );
}
