import { Card, makeStyles, Radio, RadioGroup, Subtitle2, Text, tokens } from "@fluentui/react-components";

import { setAppearance, useAppearance, type Appearance } from "../../app/preferences";
import { Facts } from "../../parts/Facts";
import { Page } from "../../parts/Page";
import { momentOf } from "../../parts/times";
import { useSession } from "../../parts/useSession";
import { groupsOf } from "../administrators/people";
import { PasswordForm } from "./PasswordForm";
import { RetentionCard } from "./RetentionCard";
import { SecondFactorCard } from "./SecondFactorCard";

const useStyles = makeStyles({
  cards: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(min(360px, 100%), 1fr))",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    maxWidth: "1200px",
  },
});

/** What belongs to the administrator and his browser, and how long the console keeps what it was told. */
export default function SettingsPage() {
  const styles = useStyles();
  const appearance = useAppearance();
  const session = useSession();
  return (
    <Page title="Settings">
      <div className={styles.cards}>
        <Card>
          <Subtitle2 as="h2">Password</Subtitle2>
          {session?.origin === "local" ? (
            <PasswordForm name={session.name} />
          ) : (
            <Text>Your password is not kept here. Change it where your account comes from.</Text>
          )}
        </Card>
        <SecondFactorCard />
        <RetentionCard />
        <Card>
          <Subtitle2 as="h2">Appearance</Subtitle2>
          <RadioGroup
            aria-label="Appearance"
            value={appearance}
            onChange={(_, data) => setAppearance(data.value as Appearance)}
          >
            <Radio value="system" label="As the system" />
            <Radio value="light" label="Light" />
            <Radio value="dark" label="Dark" />
          </RadioGroup>
        </Card>
        <Card>
          <Subtitle2 as="h2">About</Subtitle2>
          <Facts
            facts={[
              ["Console", window.location.origin],
              ["Version", __VERSION__],
              ["Signed in as", session?.name ?? ""],
              ["Role", session?.role ?? ""],
              ["Sees", groupsOf(session?.groups)],
              ["Session ends", session === null ? "" : momentOf(session.expires)],
              [
                "REST API",
                <a key="api" href="/api/v1/openapi.json">
                  openapi.json
                </a>,
              ],
            ]}
          />
        </Card>
      </div>
    </Page>
  );
}
