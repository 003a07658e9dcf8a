import { Button } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { DialogFrame } from "./DialogFrame";
import { ProblemBar } from "./ProblemBar";

interface Props {
  readonly title: string;
  /** What it will do. */
  readonly children: ReactNode;
  /** Name of the deed, on its button. */
  readonly action: string;
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
  /** Whether there is a table in it. */
  readonly wide?: boolean;
}

/** Asks before something is done that cannot be taken back. */
export function ConfirmDialog({ title, children, action, onConfirm, onClose, wide = false }: Props) {
  const deed = useMutation({ mutationFn: onConfirm, onSuccess: onClose });
  return (
    <DialogFrame
      asks
      title={title}
      onClose={onClose}
      width={wide ? "widest" : "usual"}
      actions={
        <>
          <Button appearance="primary" disabled={deed.isPending} onClick={() => deed.mutate()}>
            {action}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <div>{children}</div>
      <ProblemBar error={deed.error} />
    </DialogFrame>
  );
}
