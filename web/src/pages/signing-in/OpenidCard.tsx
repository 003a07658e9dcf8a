import {
  Button,
  Card,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Subtitle2,
  Text,
  tokens,
} from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { checkOpenidConnect, openidConnect } from "../../api/openid";
import { Facts } from "../../parts/Facts";
import { Loaded } from "../../parts/Loaded";
import { ProblemBar } from "../../parts/ProblemBar";
import { useMay, useReason } from "../../parts/useSession";
import { groupsOf } from "../administrators/people";
import { OpenidPanel } from "./OpenidPanel";

const useStyles = makeStyles({
  buttons: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
});

/** Whether people of an OpenID Connect provider can sign in, and as what. */
export function OpenidCard() {
  const styles = useStyles();
  const may = useMay()("people");
  const reason = useReason();
  const [edited, setEdited] = useState(false);
  const found = useQuery({ queryKey: ["openid-connect"], queryFn: openidConnect });
  const check = useMutation({ mutationFn: checkOpenidConnect });
  return (
    <Card role="region" aria-label="OpenID Connect">
      <Subtitle2 as="h2">OpenID Connect</Subtitle2>
      <ProblemBar error={check.error} title="The provider does not answer as it should" />
      {check.data !== undefined && (
        <MessageBar intent="success" layout="multiline">
          <MessageBarBody>
            {check.data.issuer} answers. Whether it takes the client&apos;s secret, and sends people back to{" "}
            {check.data["return-address"]}, shows when somebody signs in.
          </MessageBarBody>
        </MessageBar>
      )}
      <Loaded query={found} what="the provider">
        {({ item, etag }) => (
          <>
            <Text>
              People sign in at the provider, which tells their groups; the first of these groups that they
              are in says what they may do. Accounts of the console itself work also while the provider is
              away.
            </Text>
            <Facts
              facts={[
                ["Enabled", item.enabled ? "yes" : "no"],
                ["Provider", item.issuer === "" ? "none" : item.issuer],
                ["Sends people back to", item.address === "" ? "nowhere" : item["return-address"]],
                ...item.roles.map(
                  (role) => [role.group, `${role.role}, sees ${groupsOf(role.groups)}`] as const,
                ),
              ]}
            />
            <div className={styles.buttons}>
              <Button
                disabledFocusable={!may}
                title={may ? undefined : reason}
                onClick={() => may && setEdited(true)}
              >
                Set up
              </Button>
              <Button disabled={!may || !item.enabled || check.isPending} onClick={() => check.mutate()}>
                Check
              </Button>
            </div>
            {edited && <OpenidPanel found={{ item, etag }} onClose={() => setEdited(false)} />}
          </>
        )}
      </Loaded>
    </Card>
  );
}
