import {
  Button,
  DrawerBody,
  DrawerFooter,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  OverlayDrawer,
  tokens,
} from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  body: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalL },
  inner: {
    display: "flex",
    flexDirection: "column",
    rowGap: tokens.spacingVerticalL,
    paddingBottom: tokens.spacingVerticalXL,
  },
  drawer: { maxWidth: "100vw" },
});

interface Props {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
  readonly size?: "medium" | "large";
}

/** What is known of one thing, or its form, at the end of the window. */
export function DetailsPanel({ title, open, onClose, children, footer, size = "medium" }: Props) {
  const styles = useStyles();
  return (
    <OverlayDrawer
      className={styles.drawer}
      position="end"
      size={size}
      open={open}
      onOpenChange={(_, data) => {
        if (!data.open) onClose();
      }}
      aria-label={title}
    >
      <DrawerHeader>
        <DrawerHeaderTitle
          action={
            <Button appearance="subtle" aria-label="Close" icon={<DismissRegular />} onClick={onClose} />
          }
        >
          {title}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody className={styles.body}>
        <div className={styles.inner}>{children}</div>
      </DrawerBody>
      {footer !== undefined && <DrawerFooter>{footer}</DrawerFooter>}
    </OverlayDrawer>
  );
}
