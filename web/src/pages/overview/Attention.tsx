import { Card, makeStyles, mergeClasses, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { CheckmarkCircleFilled, ErrorCircleFilled, WarningFilled } from "@fluentui/react-icons";

import type { Overview } from "../../api/activity";
import { PageLink } from "../../parts/PageLink";
import { concernsOf } from "./attention";

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0, display: "grid", rowGap: tokens.spacingVerticalM },
  item: { display: "flex", columnGap: tokens.spacingHorizontalS, alignItems: "flex-start" },
  icon: { fontSize: "20px", flexShrink: 0 },
  grave: { color: tokens.colorStatusDangerForeground1 },
  light: { color: tokens.colorStatusWarningForeground1 },
  well: { color: tokens.colorStatusSuccessForeground1 },
});

/** What an administrator should look at. */
export function Attention({ farm }: { readonly farm: Overview }) {
  const styles = useStyles();
  const concerns = concernsOf(farm);
  return (
    <Card>
      <Subtitle2 as="h2">Needs attention</Subtitle2>
      <ul className={styles.list}>
        {concerns.length === 0 && (
          <li className={styles.item}>
            <CheckmarkCircleFilled className={mergeClasses(styles.icon, styles.well)} aria-hidden />
            <Text>
              Nothing. All machines are in contact, and all sessions of the last day have their settings.
            </Text>
          </li>
        )}
        {concerns.map((concern) => (
          <li key={concern.text} className={styles.item}>
            {concern.grave ? (
              <ErrorCircleFilled className={mergeClasses(styles.icon, styles.grave)} aria-label="Grave" />
            ) : (
              <WarningFilled className={mergeClasses(styles.icon, styles.light)} aria-label="Warning" />
            )}
            <Text>
              {concern.text}.{" "}
              <PageLink to={concern.to} inline>
                {concern.where}
              </PageLink>
            </Text>
          </li>
        ))}
      </ul>
    </Card>
  );
}
