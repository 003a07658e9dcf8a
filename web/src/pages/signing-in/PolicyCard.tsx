import { Card, Subtitle2, Switch, Text } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import type { Tagged } from "../../api/client";
import { replaceSignInPolicy, signInPolicy, type SignInPolicy } from "../../api/secondFactor";
import { Loaded } from "../../parts/Loaded";
import { ProblemBar } from "../../parts/ProblemBar";
import { useMay, useReason } from "../../parts/useSession";

/** Whether everybody needs a second factor. */
export function PolicyCard() {
  const queries = useQueryClient();
  const may = useMay()("people");
  const reason = useReason();
  const found = useQuery({ queryKey: ["sign-in-policy"], queryFn: signInPolicy });
  const change = useMutation({
    mutationFn: ({ etag, item }: Tagged<SignInPolicy>) => replaceSignInPolicy(etag, item),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ["sign-in-policy"] });
      // It may hold for this session as well.
      await queries.invalidateQueries({ queryKey: ["session"] });
    },
  });
  return (
    <Card>
      <Subtitle2 as="h2">Second factor</Subtitle2>
      <ProblemBar error={change.error} title="Not saved" />
      <Loaded query={found} what="the policy">
        {({ item, etag }) => (
          <Switch
            label="Everybody who signs in needs a second factor"
            checked={item["second-factor-required"]}
            disabled={!may || change.isPending}
            onChange={(_, data) => change.mutate({ etag, item: { "second-factor-required": data.checked } })}
          />
        )}
      </Loaded>
      <Text>
        Whoever has none is let in for nothing but to enrol one. API tokens need none.{!may && ` ${reason}`}
      </Text>
    </Card>
  );
}
