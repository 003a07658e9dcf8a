import { Card, makeStyles, Text, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

import type { Overview } from "../../api/activity";
import { PageLink } from "../../parts/PageLink";
import { lengthOf } from "../../parts/times";

const useStyles = makeStyles({
  tiles: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(180px, 1fr))",
    gap: tokens.spacingHorizontalL,
  },
  tile: { rowGap: tokens.spacingVerticalXS },
  about: { color: tokens.colorNeutralForeground3 },
});

const time = (milliseconds: number | null | undefined) =>
  milliseconds == null ? "–" : lengthOf(milliseconds);

/** The figures that are looked at first. */
export function Tiles({ farm }: { readonly farm: Overview }) {
  const styles = useStyles();
  const inContact = (counts: Overview["agents"]) => `${counts.active - counts.silent} of ${counts.active}`;
  return (
    <div className={styles.tiles}>
      <Tile
        name="Agents in contact"
        value={inContact(farm.agents)}
        about={<PageLink to="/agents">Agents</PageLink>}
      />
      <Tile
        name="Storage in contact"
        value={inContact(farm["storage-machines"])}
        about={<PageLink to="/storage-servers">Storage Servers</PageLink>}
      />
      <Tile
        name="Logons, 24 hours"
        value={farm.day.sessions.toLocaleString()}
        about={<PageLink to="/sessions">Sessions</PageLink>}
      />
      <Tile
        name="Time added to a logon"
        value={time(farm.day.p50)}
        about={
          farm.day.p50 == null
            ? "no logon was reported"
            : `median; 95 of 100 within ${time(farm.day.p95)}, 99 within ${time(farm.day.p99)}`
        }
      />
      <Tile
        name="Settings decided by merging"
        value={farm.overridden.toLocaleString()}
        about="changed differently by two sessions; both are kept"
      />
    </div>
  );
}

function Tile({
  name,
  value,
  about,
}: {
  readonly name: string;
  readonly value: string;
  readonly about: ReactNode;
}) {
  const styles = useStyles();
  return (
    <Card className={styles.tile}>
      <Text size={200}>{name}</Text>
      <Text size={700} weight="semibold">
        {value}
      </Text>
      <Text size={200} className={styles.about}>
        {about}
      </Text>
    </Card>
  );
}
