import { Button, Card, Field, SpinButton, Subtitle2, Switch, Text } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Tagged } from "../../api/client";
import { replaceRetention, retention, type ConsoleRetention } from "../../api/retention";
import { Loaded } from "../../parts/Loaded";
import { numberOf } from "../../parts/numbers";
import { ProblemBar } from "../../parts/ProblemBar";
import { useMay, useReason } from "../../parts/useSession";

/** Where the audit log begins to be bounded, in days. */
const YEAR = 365;

/** How long the console keeps what it was told. */
export function RetentionCard() {
  const found = useQuery({ queryKey: ["retention"], queryFn: retention });
  return (
    <Card>
      <Subtitle2 as="h2">What the console keeps</Subtitle2>
      <Loaded query={found} what="the retention">
        {(tagged) => <RetentionForm key={tagged.etag} found={tagged} />}
      </Loaded>
    </Card>
  );
}

function RetentionForm({ found: { item, etag } }: { readonly found: Tagged<ConsoleRetention> }) {
  const queries = useQueryClient();
  const may = useMay()("configure");
  const reason = useReason();
  const [sessions, setSessions] = useState<number | undefined>(item["session-days"]);
  const [audit, setAudit] = useState<number | null | undefined>(item["audit-days"] ?? null);
  const save = useMutation({
    mutationFn: () => replaceRetention(etag, { "session-days": sessions ?? 0, "audit-days": audit ?? null }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["retention"] }),
  });
  const changed = sessions !== item["session-days"] || audit !== (item["audit-days"] ?? null);
  return (
    <>
      <ProblemBar error={save.error} title="Not saved" />
      <Field label="Days of users' sessions" hint="After the last report of a session; 1 to 3650">
        <SpinButton
          min={1}
          max={3650}
          disabled={!may}
          value={sessions ?? null}
          onChange={(_, data) => setSessions(numberOf(data))}
        />
      </Field>
      <Switch
        label="Keep the audit log for ever"
        checked={audit === null}
        disabled={!may}
        onChange={(_, data) => setAudit(data.checked ? null : (item["audit-days"] ?? YEAR))}
      />
      {audit !== null && (
        <Field label="Days of the audit log" hint="Former configurations are kept as long; 1 to 36500">
          <SpinButton
            min={1}
            max={36500}
            disabled={!may}
            value={audit ?? null}
            onChange={(_, data) => setAudit(numberOf(data))}
          />
        </Field>
      )}
      <Text>What is too old goes at once, and does not come back.{!may && ` ${reason}`}</Text>
      <div>
        <Button
          appearance="primary"
          disabled={!may || !changed || sessions === undefined || audit === undefined || save.isPending}
          onClick={() => save.mutate()}
        >
          Save
        </Button>
      </div>
    </>
  );
}
