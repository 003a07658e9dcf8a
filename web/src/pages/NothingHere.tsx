import { Page } from "../parts/Page";
import { EmptyState } from "../parts/EmptyState";

/** An address that leads nowhere. */
export function NothingHere() {
  return (
    <Page title="Not found">
      <EmptyState title="There is no page at this address">Choose one from the navigation.</EmptyState>
    </Page>
  );
}
