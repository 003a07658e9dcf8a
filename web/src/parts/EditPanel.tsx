import { Button, Spinner } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import type { Tagged } from "../api/client";
import type { Collection } from "../api/farm";
import { isStale } from "../api/problem";
import { ConflictDialog } from "./ConflictDialog";
import { DetailsPanel } from "./DetailsPanel";
import { ProblemBar } from "./ProblemBar";

interface Props<T extends { name: string }> {
  readonly collection: Collection<T>;
  /** Name of what is changed; null for a new one, which starts as `initial`. */
  readonly name: string | null;
  readonly initial: T;
  /** The item as a person reads it, for telling two versions apart. */
  readonly describe: (item: T) => readonly (readonly [string, string])[];
  readonly onClose: () => void;
  readonly onSaved: (item: T) => void;
  readonly size?: "medium" | "large";
  readonly children: (draft: T, change: (part: Partial<T>) => void, isNew: boolean) => ReactNode;
}

/** The form of one thing. It is saved only over what it was made from; otherwise both versions are shown. */
export function EditPanel<T extends { name: string }>(props: Props<T>) {
  const { collection, name, initial, describe, onClose, onSaved, children } = props;
  const queries = useQueryClient();
  const [changes, setChanges] = useState<Partial<T>>({});
  const [base, setBase] = useState<Tagged<T> | null>(null);
  const [theirs, setTheirs] = useState<Tagged<T> | null>(null);

  const found = useQuery({
    queryKey: [collection.key, "edited", name],
    queryFn: () => collection.get(name ?? ""),
    enabled: name !== null,
    // The form keeps what it started from until it is closed.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnReconnect: false,
  });
  const from = base ?? found.data ?? null;
  const draft: T | null = name === null ? { ...initial, ...changes } : from && { ...from.item, ...changes };

  const save = useMutation({
    mutationFn: async (over: Tagged<T> | null) => {
      if (draft === null) throw new Error("there is nothing to save yet");
      return over === null ? collection.create(draft) : collection.replace(over.item.name, over.etag, draft);
    },
    onSuccess: async (saved) => {
      setTheirs(null);
      await queries.invalidateQueries({ queryKey: [collection.key] });
      onSaved(saved.item);
    },
    onError: async (error) => {
      if (isStale(error) && name !== null) setTheirs(await collection.get(name));
    },
  });

  const title = name === null ? `New ${collection.noun}` : `Edit ${name}`;
  return (
    <DetailsPanel
      title={title}
      open
      onClose={onClose}
      size={props.size ?? "medium"}
      footer={
        <>
          <Button
            appearance="primary"
            disabled={draft === null || save.isPending}
            onClick={() => save.mutate(from)}
          >
            {name === null ? "Create" : "Save"}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <ProblemBar error={found.error} title={`Cannot load ${collection.noun}`} />
      {theirs === null && <ProblemBar error={save.error} title="Not saved" />}
      {draft === null && !found.isError && <Spinner label="Loading" />}
      {draft !== null && children(draft, (part) => setChanges({ ...changes, ...part }), name === null)}
      {theirs !== null && draft !== null && (
        <ConflictDialog
          subject={`${collection.noun} "${theirs.item.name}"`}
          mine={describe(draft)}
          theirs={describe(theirs.item)}
          error={isStale(save.error) ? null : save.error}
          busy={save.isPending}
          onKeepMine={() => {
            setBase(theirs);
            save.mutate(theirs);
          }}
          onTakeTheirs={() => {
            setBase(theirs);
            setChanges({});
            setTheirs(null);
            save.reset();
          }}
          onBack={() => setTheirs(null)}
        />
      )}
    </DetailsPanel>
  );
}
