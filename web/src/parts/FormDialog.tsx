import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { ProblemBar } from "./ProblemBar";

const useStyles = makeStyles({
  content: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
});

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
}

/** A short form, and what came of it where that is told only once. */
export function FormDialog<T>({ title, children, action, ready, onDo, told, onClose }: Props<T>) {
  const styles = useStyles();
  const deed = useMutation({
    mutationFn: onDo,
    onSuccess: () => {
      if (told === undefined) onClose();
    },
  });
  const done = deed.data !== undefined && told !== undefined;
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) deed.mutate();
          }}
        >
          <DialogBody>
            <DialogTitle>{title}</DialogTitle>
            <DialogContent className={styles.content}>
              <ProblemBar error={deed.error} />
              {done ? told(deed.data as T) : children}
            </DialogContent>
            <DialogActions>
              {!done && (
                <Button type="submit" appearance="primary" disabled={!ready || deed.isPending}>
                  {action}
                </Button>
              )}
              <Button onClick={onClose}>{done ? "Close" : "Cancel"}</Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}
