import { Button, Text } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { groups, storageServers, type Collection } from "../../api/farm";
import { ProblemBar } from "../../parts/ProblemBar";
import { GroupForm } from "../groups/GroupForm";
import { newGroup } from "../groups/group";
import { newStorageServer } from "../storage-servers/storageServer";
import { StorageServerForm } from "../storage-servers/StorageServerForm";

/** Describes the first Storage Server. */
export function ServerStep() {
  return (
    <DescribeStep collection={storageServers} initial={newStorageServer}>
      {(draft, change) => (
        <>
          <Text>
            The machine that keeps the users&apos; settings. On Windows or Linux; users need no rights on it.
          </Text>
          <StorageServerForm draft={draft} onChange={change} isNew />
        </>
      )}
    </DescribeStep>
  );
}

/** Creates the first group. */
export function GroupStep() {
  return (
    <DescribeStep collection={groups} initial={newGroup}>
      {(draft, change) => (
        <>
          <Text>Session hosts that run the same programs. Everything but the name can be changed later.</Text>
          <GroupForm draft={draft} onChange={change} isNew />
        </>
      )}
    </DescribeStep>
  );
}

interface Props<T extends { name: string }> {
  readonly collection: Collection<T>;
  readonly initial: T;
  readonly children: (draft: T, change: (part: Partial<T>) => void) => ReactNode;
}

function DescribeStep<T extends { name: string }>({ collection, initial, children }: Props<T>) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(initial);
  const create = useMutation({
    mutationFn: () => collection.create(draft),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [collection.key] });
      await queries.invalidateQueries({ queryKey: ["overview"] });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form onSubmit={submit} style={{ display: "contents" }}>
      {children(draft, (part) => setDraft({ ...draft, ...part }))}
      <ProblemBar error={create.error} title="Not created" />
      <div>
        <Button type="submit" appearance="primary" disabled={create.isPending}>
          Create and go on
        </Button>
      </div>
    </form>
  );
}
