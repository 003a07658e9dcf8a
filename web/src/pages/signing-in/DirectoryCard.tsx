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

import { checkDirectory, directory } from "../../api/directory";
import { Facts } from "../../parts/Facts";
import { Loaded } from "../../parts/Loaded";
import { ProblemBar } from "../../parts/ProblemBar";
import { useMay, useReason } from "../../parts/useSession";
import { groupsOf } from "../administrators/people";
import { DirectoryPanel } from "./DirectoryPanel";

const useStyles = makeStyles({
  buttons: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
});

/** Whether people of Active Directory can sign in, and as what. */
export function DirectoryCard() {
  const styles = useStyles();
  const may = useMay()("people");
  const reason = useReason();
  const [edited, setEdited] = useState(false);
  const found = useQuery({ queryKey: ["directory"], queryFn: directory });
  const check = useMutation({ mutationFn: checkDirectory });
  return (
    <Card role="region" aria-label="Active Directory">
      <Subtitle2 as="h2">Active Directory</Subtitle2>
      <ProblemBar error={check.error} title="The directory does not answer as it should" />
      {check.data !== undefined && (
        <MessageBar intent="success">
          <MessageBarBody>
            {check.data.server} answers for the domain {check.data.domain}.
          </MessageBarBody>
        </MessageBar>
      )}
      <Loaded query={found} what="the directory">
        {({ item, etag }) => (
          <>
            <Text>
              People sign in with the password of the directory, with the role of the first of these groups
              that they are in. Users of the farm are shown with their names. Accounts of the console itself
              work also while the directory is away.
            </Text>
            <Facts
              facts={[
                ["Enabled", item.enabled ? "yes" : "no"],
                ["Servers", item.servers.length === 0 ? "none" : item.servers.join(", ")],
                ["Asks as", item.account === "" ? "nobody" : item.account],
                ...item.roles.map(
                  (role) =>
                    [
                      role.name == null || role.name === "" ? role.group : role.name,
                      `${role.role}, sees ${groupsOf(role.groups)}`,
                    ] as const,
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
            {edited && <DirectoryPanel found={{ item, etag }} onClose={() => setEdited(false)} />}
          </>
        )}
      </Loaded>
    </Card>
  );
}
