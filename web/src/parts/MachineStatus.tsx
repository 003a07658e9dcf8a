import { Badge } from "@fluentui/react-components";
import {
  CheckmarkCircleRegular,
  ClockRegular,
  DismissCircleRegular,
  PlugDisconnectedRegular,
} from "@fluentui/react-icons";

import type { Machine } from "../api/machines";

/** Machines ask for their plan at least once a minute; past this they are silent. */
const SILENT_AFTER = 5 * 60_000;

/** Whether nothing was heard of a machine for some minutes. */
export function isSilent(machine: Machine, now = Date.now()): boolean {
  return machine["last-seen"] == null || now - new Date(machine["last-seen"]).getTime() > SILENT_AFTER;
}

/** How a machine is, in a word. */
export function MachineStatus({ machine }: { readonly machine: Machine | undefined }) {
  if (machine === undefined) {
    return (
      <Badge appearance="tint" color="informative" icon={<ClockRegular />}>
        Not joined
      </Badge>
    );
  }
  if (machine.state === "revoked") {
    return (
      <Badge appearance="tint" color="danger" icon={<DismissCircleRegular />}>
        Revoked
      </Badge>
    );
  }
  if (isSilent(machine)) {
    return (
      <Badge appearance="tint" color="warning" icon={<PlugDisconnectedRegular />}>
        Silent
      </Badge>
    );
  }
  return (
    <Badge appearance="tint" color="success" icon={<CheckmarkCircleRegular />}>
      In contact
    </Badge>
  );
}
