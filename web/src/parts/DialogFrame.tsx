import {
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import type { ReactNode } from "react";

const WIDTHS = { usual: undefined, wide: "760px", widest: "960px" } as const;

const useStyles = makeStyles({
  content: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
  actions: { flexWrap: "wrap" },
});

interface Props {
  readonly title: ReactNode;
  readonly children: ReactNode;
  /** Its buttons. */
  readonly actions: ReactNode;
  /** Without it only its buttons close it. */
  readonly onClose?: () => void;
  /** Whether it asks, so that nothing else is done before it is answered. */
  readonly asks?: boolean;
  readonly width?: keyof typeof WIDTHS;
  /** What is in it is a form, whose button does this. */
  readonly onSubmit?: () => void;
}

/** What all dialogs look like. */
export function DialogFrame({
  title,
  children,
  actions,
  onClose,
  asks = false,
  width = "usual",
  onSubmit,
}: Props) {
  const styles = useStyles();
  const body = (
    <DialogBody>
      <DialogTitle>{title}</DialogTitle>
      <DialogContent className={styles.content}>{children}</DialogContent>
      <DialogActions className={styles.actions} fluid={asks && width !== "usual"}>
        {actions}
      </DialogActions>
    </DialogBody>
  );
  return (
    <Dialog
      open
      modalType={asks ? "alert" : "modal"}
      onOpenChange={(_, data) => {
        if (!data.open) onClose?.();
      }}
    >
      <DialogSurface style={{ maxWidth: WIDTHS[width] }}>
        {onSubmit === undefined ? (
          body
        ) : (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              onSubmit();
            }}
          >
            {body}
          </form>
        )}
      </DialogSurface>
    </Dialog>
  );
}
