import { ToolbarButton, Tooltip } from "@fluentui/react-components";
import type { ReactElement, ReactNode } from "react";

import type { Permission } from "../api/session";
import { useMay, useReason } from "./useSession";

interface Props {
  /** What the console wants of whoever does it. */
  readonly needs: Permission;
  /** Why nobody can do it now; can be done if missing. */
  readonly because?: string | undefined;
  readonly disabled?: boolean;
  readonly icon: ReactElement;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

/** A button of a toolbar for something that not everybody may do. Where it cannot be pressed it says why. */
export function Command({ needs, because, disabled = false, icon, onClick, children }: Props) {
  const may = useMay();
  const reason = useReason();
  const why = may(needs) ? because : reason;
  if (why === undefined) {
    return (
      <ToolbarButton icon={icon} disabled={disabled} onClick={onClick}>
        {children}
      </ToolbarButton>
    );
  }
  return (
    <Tooltip content={why} relationship="description">
      <ToolbarButton icon={icon} disabledFocusable>
        {children}
      </ToolbarButton>
    </Tooltip>
  );
}
