import { Badge, makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";

import type { ShownItem } from "../../../api/dataSets";
import { textOf } from "./items";

const useStyles = makeStyles({
  root: { whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  data: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  nothing: { color: tokens.colorNeutralForeground3, fontStyle: "italic" },
});

/** What a data set says of a thing; where it says nothing, the mandatory profile decides. */
export function Held({ item }: { readonly item: ShownItem | null | undefined }) {
  const styles = useStyles();
  if (item == null) return <Text className={styles.nothing}>As in the mandatory profile</Text>;
  if (item.state === "deleted") {
    return (
      <Badge appearance="tint" color="danger">
        Deleted by the user
      </Badge>
    );
  }
  const isData = item.state === "set" && item.type != null;
  return <span className={mergeClasses(styles.root, isData && styles.data)}>{textOf(item)}</span>;
}
