import {
  Button,
  Checkbox,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Spinner,
  Text,
} from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import {
  restore,
  tryRestore,
  type DataSetOf,
  type RestoredPart,
  type RestoreResult,
} from "../../../api/dataSets";
import { isStale } from "../../../api/problem";
import { DialogFrame } from "../../../parts/DialogFrame";
import { ProblemBar } from "../../../parts/ProblemBar";
import { ChangeTable } from "./ChangeTable";
import { partName, setName } from "./items";
import { SubsetChoice } from "./SubsetChoice";

interface Props {
  readonly of: DataSetOf;
  readonly number: number;
  readonly part: RestoredPart;
  readonly onClose: () => void;
  readonly onRestored: (result: RestoreResult) => void;
}

/** Says exactly what a restore will change, and does it if that is still so. */
export function RestoreDialog({ of, number, part: asked, onClose, onRestored }: Props) {
  const queries = useQueryClient();
  const [part, setPart] = useState(asked);
  const [reason, setReason] = useState("");
  const chosen = part.kind !== "data-subset" || part.name !== "";
  const preview = useQuery({
    queryKey: ["data-sets", of.sid, of.scope, "restore", number, part],
    queryFn: () => tryRestore(of, number, part),
    enabled: chosen,
    // What was read is what is confirmed; it is read again only when somebody else was faster.
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  const deed = useMutation({
    mutationFn: (etag: string) => restore(of, number, part, etag, reason.trim()),
    onSuccess: async (result) => {
      await queries.invalidateQueries({ queryKey: ["data-sets", of.sid] });
      onRestored(result);
    },
    onError: (error) => {
      if (isStale(error)) void preview.refetch();
    },
  });
  const found = preview.data?.item;
  const nothing = found?.total === 0;
  return (
    <DialogFrame
      asks
      title={part.kind === "data-subset" ? "Restore a data subset" : "Restore"}
      onClose={onClose}
      width="widest"
      actions={
        <>
          <Button
            appearance="primary"
            disabled={preview.data === undefined || preview.isFetching || nothing || deed.isPending}
            onClick={() => preview.data !== undefined && deed.mutate(preview.data.etag)}
          >
            Restore
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      {part.kind === "data-subset" ? (
        <SubsetChoice
          scope={of.scope}
          name={part.name}
          onChange={(name) => setPart({ kind: "data-subset", name })}
        />
      ) : (
        <Text>
          Brings <strong>{partName(part)}</strong> of {setName(of.scope)} back as it was in version {number}.
          {part.kind === "everything" ? " The" : " All else stays as it is now, and the"} present version is
          kept as a former one.
        </Text>
      )}
      {part.kind === "key" && (
        <Checkbox
          label="With all its sub-keys"
          checked={part.below === true}
          onChange={(_, data) => setPart({ ...part, below: data.checked === true })}
        />
      )}
      <ProblemBar error={preview.error} title="Cannot tell what would change" />
      {chosen && preview.isPending && <Spinner label="Looking at what would change" />}
      {nothing && (
        <MessageBar intent="info">
          <MessageBarBody>Nothing would change: it is now as it was in version {number}.</MessageBarBody>
        </MessageBar>
      )}
      {found !== undefined && !nothing && (
        <ChangeTable
          label="What will change"
          changes={found.changes}
          before="Now"
          after={`As in version ${number}`}
          footer={
            found.total > found.changes.length ? (
              <Text>
                The first {found.changes.length.toLocaleString()} of {found.total.toLocaleString()} changes.
              </Text>
            ) : undefined
          }
        />
      )}
      {found !== undefined && !nothing && <WhenItArrives hosts={found["open-sessions"]} />}
      {isStale(deed.error) ? (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>Not restored</MessageBarTitle>
            Another version was stored meanwhile. Above is what would change now; look at it and restore
            again.
          </MessageBarBody>
        </MessageBar>
      ) : (
        <ProblemBar error={deed.error} title="Not restored" />
      )}
      <Field label="Reason" hint="For the audit log and the list of versions.">
        <Input value={reason} maxLength={200} onChange={(_, data) => setReason(data.value)} />
      </Field>
    </DialogFrame>
  );
}

/** When the user gets it, and what his open session does about it. */
function WhenItArrives({ hosts }: { readonly hosts: readonly string[] }) {
  if (hosts.length === 0) return <Text>The user gets it at the next logon.</Text>;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>The user is logged on to {hosts.join(", ")}</MessageBarTitle>
        The session goes on without it, and does not undo it: when it ends, what the user changed in it is
        merged with what is restored here. Of a setting that the user changes in it, the user’s own counts.
        The restored settings arrive at the next logon.
      </MessageBarBody>
    </MessageBar>
  );
}
