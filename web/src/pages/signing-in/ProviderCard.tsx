import { Button, Card, MessageBar, MessageBarBody, Subtitle2, Text } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import type { Tagged } from "../../api/client";
import { Buttons } from "../../parts/Buttons";
import { Facts } from "../../parts/Facts";
import { Loaded } from "../../parts/Loaded";
import { ProblemBar } from "../../parts/ProblemBar";
import { useMay, useReason } from "../../parts/useSession";

interface Props<T, Answer> {
  readonly title: string;
  /** What is asked, such as "the directory". */
  readonly what: string;
  /** What it is for. */
  readonly children: ReactNode;
  readonly queryKey: string;
  readonly load: () => Promise<Tagged<T>>;
  readonly check: () => Promise<Answer>;
  /** What is told when it answers. */
  readonly answered: (answer: Answer) => ReactNode;
  readonly facts: (item: T) => readonly (readonly [string, string])[];
  readonly panel: (found: Tagged<T>, onClose: () => void) => ReactNode;
}

/** Whether people of somebody else's directory can sign in, and as what. */
export function ProviderCard<T extends { enabled: boolean }, Answer>(props: Props<T, Answer>) {
  const { title, what, children, queryKey, load, answered, facts, panel } = props;
  const may = useMay()("people");
  const reason = useReason();
  const [edited, setEdited] = useState(false);
  const found = useQuery({ queryKey: [queryKey], queryFn: load });
  const check = useMutation({ mutationFn: props.check });
  return (
    <Card role="region" aria-label={title}>
      <Subtitle2 as="h2">{title}</Subtitle2>
      <ProblemBar
        error={check.error}
        title={`${what.charAt(0).toUpperCase()}${what.slice(1)} does not answer as it should`}
      />
      {check.data !== undefined && (
        <MessageBar intent="success" layout="multiline">
          <MessageBarBody>{answered(check.data)}</MessageBarBody>
        </MessageBar>
      )}
      <Loaded query={found} what={what}>
        {({ item, etag }) => (
          <>
            <Text>{children}</Text>
            <Facts facts={[["Enabled", item.enabled ? "yes" : "no"], ...facts(item)]} />
            <Buttons>
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
            </Buttons>
            {edited && panel({ item, etag }, () => setEdited(false))}
          </>
        )}
      </Loaded>
    </Card>
  );
}
