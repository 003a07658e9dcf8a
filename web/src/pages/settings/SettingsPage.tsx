import { Card, makeStyles, Radio, RadioGroup, Subtitle2, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { currentSession } from "../../api/session";
import { setAppearance, useAppearance, type Appearance } from "../../app/preferences";
import { Facts } from "../../parts/Facts";
import { Page } from "../../parts/Page";
import { momentOf } from "../../parts/times";
import { PasswordForm } from "./PasswordForm";

const useStyles = makeStyles({
  cards: {
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(min(360px, 100%), 1fr))",
    gap: tokens.spacingHorizontalL,
    alignItems: "start",
    maxWidth: "1200px",
  },
});

/** What belongs to the administrator and his browser. */
export default function SettingsPage() {
  const styles = useStyles();
  const appearance = useAppearance();
  const session = useQuery({ queryKey: ["session"], queryFn: currentSession, staleTime: Infinity });
  return (
    <Page title="Settings">
      <div className={styles.cards}>
        <Card>
          <Subtitle2 as="h2">Password</Subtitle2>
          <PasswordForm name={session.data?.name ?? ""} />
        </Card>
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
              ["Signed in as", session.data?.name ?? ""],
              ["Session ends", session.data == null ? "" : momentOf(session.data.expires)],
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
