import { MessageBar, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";

import type { StorageStatus } from "../../api/storageStatus";
import { PageLink } from "../../parts/PageLink";
import { bytesOf } from "../../parts/times";
import { spaceText } from "./space";

/** So many users near their quota are named. */
const NAMED = 5;

/** What somebody should do about a store; nothing while it is well. */
export function StoreWarnings({ status }: { readonly status: StorageStatus | undefined }) {
  if (status === undefined) return null;
  const near = status["near-quota"];
  return (
    <>
      {status.problem != null && (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>The store does not work</MessageBarTitle>
            {status.problem}. Settings wait on the Agent Servers until it does.
          </MessageBarBody>
        </MessageBar>
      )}
      {status.low && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>Little space</MessageBarTitle>
            {spaceText(status) ?? "Nothing is known of it now"}. Make the volume bigger, keep fewer former
            versions, or move a group to another Storage Server. When it is full, settings wait on the Agent
            Servers.
          </MessageBarBody>
        </MessageBar>
      )}
      {near.length > 0 && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>Near the quota</MessageBarTitle>
            {near.slice(0, NAMED).map((user, index) => (
              <span key={`${user.sid} ${user.scope}`}>
                {index > 0 && ", "}
                <PageLink to={`/users/${user.sid}`} inline>
                  {user.sid}
                </PageLink>{" "}
                ({bytesOf(user["used-bytes"])} of {bytesOf(user["limit-bytes"])})
              </span>
            ))}
            {near.length > NAMED && `, and ${near.length - NAMED} more`}. Exclude what is large from the data
            subsets, or raise the quota, before their settings are refused.
          </MessageBarBody>
        </MessageBar>
      )}
    </>
  );
}
