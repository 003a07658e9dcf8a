import { Button, Spinner, Text } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { groups, storageServers } from "../../api/farm";
import { createJoinToken } from "../../api/machines";
import { Choice } from "../../parts/Choice";
import { JoinCommands, type JoinTarget } from "../../parts/JoinCommands";
import { Loaded } from "../../parts/Loaded";
import { ProblemBar } from "../../parts/ProblemBar";

/** Lets the first Storage Server join. */
export function StorageStep() {
  const servers = useQuery({ queryKey: [storageServers.key], queryFn: storageServers.list });
  return (
    <Loaded query={servers} what="Storage Servers">
      {([first]) =>
        first !== undefined && (
          <JoinStep
            target={{ role: "storage", server: first.name, host: first.host }}
            waiting={`Waiting for ${first.name} to join`}
          />
        )
      }
    </Loaded>
  );
}

/** Lets the first session host join. */
export function AgentStep() {
  const known = useQuery({ queryKey: [groups.key], queryFn: groups.list });
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <Loaded query={known} what="Agent Server Groups">
      {(all) => {
        const group = chosen ?? all[0]?.name ?? "";
        return (
          <>
            <Choice
              label="Group that it joins"
              value={group}
              options={all.map((each) => [each.name, each.name] as const)}
              onChange={setChosen}
            />
            <JoinStep
              key={group}
              target={{ role: "agent", group }}
              waiting="Waiting for the session host to join"
            />
          </>
        );
      }}
    </Loaded>
  );
}

function JoinStep({ target, waiting }: { readonly target: JoinTarget; readonly waiting: string }) {
  const make = useMutation({
    mutationFn: () =>
      createJoinToken({
        role: target.role,
        group: target.role === "agent" ? target.group : null,
        "storage-server": target.role === "storage" ? target.server : null,
      }),
  });
  if (make.data !== undefined) {
    return (
      <>
        <JoinCommands target={target} token={make.data.token} />
        <Text>The token is shown only now and is good once.</Text>
        <Spinner size="tiny" labelPosition="after" label={waiting} style={{ alignSelf: "flex-start" }} />
      </>
    );
  }
  return (
    <>
      <Text>A machine joins the farm with a token that is good for one machine, once.</Text>
      <ProblemBar error={make.error} />
      <div>
        <Button appearance="primary" disabled={make.isPending} onClick={() => make.mutate()}>
          Make a join token
        </Button>
      </div>
    </>
  );
}
