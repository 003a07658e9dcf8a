import { Button } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { DialogFrame } from "./DialogFrame";
import { ProblemBar } from "./ProblemBar";

interface Props<T> {
  readonly title: string;
  /** The fields. */
  readonly children: ReactNode;
  /** Name of the deed, on its button. */
  readonly action: string;
  /** Whether the fields say all that is needed. */
  readonly ready: boolean;
  readonly onDo: () => Promise<T>;
  /** What is told once it is done; the dialog closes if missing. */
  readonly told?: (done: T) => ReactNode;
  readonly onClose: () => void;
  readonly wide?: boolean;
}

/** A short form, and what came of it where that is told only once. */
export function FormDialog<T>(props: Props<T>) {
  const { title, children, action, ready, onDo, told, onClose, wide = false } = props;
  const deed = useMutation({
    mutationFn: onDo,
    onSuccess: () => {
      if (told === undefined) onClose();
    },
  });
  const done = deed.isSuccess && told !== undefined;
  return (
    <DialogFrame
      title={title}
      onClose={onClose}
      width={wide ? "wide" : "usual"}
      onSubmit={() => {
        if (ready && !done) deed.mutate();
      }}
      actions={
        <>
          {!done && (
            <Button type="submit" appearance="primary" disabled={!ready || deed.isPending}>
              {action}
            </Button>
          )}
          <Button onClick={onClose}>{done ? "Close" : "Cancel"}</Button>
        </>
      }
    >
      <ProblemBar error={deed.error} />
      {done ? told(deed.data) : children}
    </DialogFrame>
  );
}
