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

interface Props {
  readonly title: string;
  /** What it will do. */
  readonly children: ReactNode;
  /** Name of the deed, on its button. */
  readonly action: string;
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something is done that cannot be taken back. */
export function ConfirmDialog({ title, children, action, onConfirm, onClose }: Props) {
  const styles = useStyles();
  const deed = useMutation({ mutationFn: onConfirm, onSuccess: onClose });
  return (
    <Dialog open modalType="alert" onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent className={styles.content}>
            <div>{children}</div>
            <ProblemBar error={deed.error} />
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" disabled={deed.isPending} onClick={() => deed.mutate()}>
              {action}
            </Button>
            <Button onClick={onClose}>Cancel</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
