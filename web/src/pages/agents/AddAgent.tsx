import { Text } from "@fluentui/react-components";
import { useState } from "react";

import { Choice } from "../../parts/Choice";
import { JoinDialog } from "../../parts/JoinDialog";

interface Props {
  /** Names of the groups. */
  readonly groups: readonly (readonly [string, string])[];
  readonly initial: string;
  readonly onClose: () => void;
}

/** Asks for the group first, then for the token. */
export function AddAgent({ groups, initial, onClose }: Props) {
  const [group, setGroup] = useState(initial === "" ? (groups[0]?.[0] ?? "") : initial);
  return (
    <JoinDialog target={{ role: "agent", group: group === "" ? null : group }} onClose={onClose}>
      <Choice
        label="Group that it joins"
        value={group}
        options={[["", "None, only what is global is kept"], ...groups]}
        onChange={setGroup}
      />
      <Text>It can be moved to another group later.</Text>
    </JoinDialog>
  );
}
