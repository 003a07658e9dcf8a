import { LockClosedRegular } from "@fluentui/react-icons";

import { EmptyState } from "../parts/EmptyState";
import { Page } from "../parts/Page";
import { useReason } from "../parts/useSession";

/** A page that the one who is signed in may not see. */
export function NotForYou({ title }: { readonly title: string }) {
  return (
    <Page title={title}>
      <EmptyState icon={LockClosedRegular} title="This page is not for your role">
        {useReason()}
      </EmptyState>
    </Page>
  );
}
