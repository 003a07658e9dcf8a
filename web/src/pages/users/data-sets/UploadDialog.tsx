import { Field, Input, Text } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import {
  adopt,
  deleteUpload,
  uploadDifference,
  type DataSetOf,
  type QuarantinedUpload,
} from "../../../api/dataSets";
import { ConfirmDialog } from "../../../parts/ConfirmDialog";
import { Loaded } from "../../../parts/Loaded";
import { ChangeTable } from "./ChangeTable";

interface Props {
  readonly of: DataSetOf;
  readonly upload: QuarantinedUpload;
  readonly deed: "adopt" | "delete";
  /** Of the version that was current when the upload was listed. */
  readonly etag: string;
  readonly onAdopted: (number: number | null) => void;
  readonly onClose: () => void;
}

/** What an upload in quarantine has, before it becomes the current version or is deleted. */
export function UploadDialog({ of, upload, deed, etag, onAdopted, onClose }: Props) {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const found = useQuery({
    queryKey: ["data-set-content", of.sid, of.scope, "quarantine", upload.id, etag],
    queryFn: () => uploadDifference(of, upload.id),
    staleTime: Infinity,
    retry: false,
  });
  return (
    <ConfirmDialog
      wide
      title={deed === "adopt" ? "Adopt this upload?" : "Delete this upload for good?"}
      action={deed === "adopt" ? "Adopt" : "Delete"}
      onClose={onClose}
      onConfirm={async () => {
        if (deed === "adopt") onAdopted(await adopt(of, upload.id, etag, reason.trim()));
        else await deleteUpload(of, upload.id, reason.trim());
        await queries.invalidateQueries({ queryKey: ["data-sets", of.sid] });
      }}
    >
      <Text block>
        {deed === "adopt"
          ? "It becomes the current version, and the user gets it at the next logon. What is current now stays as a former version."
          : "What it holds and no version does is lost."}
      </Text>
      <Loaded query={found} what="what differs">
        {(told) =>
          told.total === 0 ? (
            <Text block>It holds what is current.</Text>
          ) : (
            <ChangeTable
              label="What differs"
              changes={told.changes}
              before={told.current == null ? "Now" : `Version ${told.current}`}
              after="Upload"
              footer={
                told.total > told.changes.length ? (
                  <Text>
                    The first {told.changes.length.toLocaleString()} of {told.total.toLocaleString()} changes.
                  </Text>
                ) : undefined
              }
            />
          )
        }
      </Loaded>
      <Field label="Reason" hint="For the audit log.">
        <Input value={reason} maxLength={200} onChange={(_, data) => setReason(data.value)} />
      </Field>
    </ConfirmDialog>
  );
}
