import { Button, makeStyles, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { quarantine, type DataSetOf, type QuarantinedUpload } from "../../../api/dataSets";
import { Ago } from "../../../parts/Ago";
import { DataTable, type Column } from "../../../parts/DataTable";
import { Loaded } from "../../../parts/Loaded";
import { bytesOf } from "../../../parts/times";
import { useMay } from "../../../parts/useSession";
import { UploadDialog } from "./UploadDialog";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalS },
  heading: { margin: 0 },
  commands: { display: "flex", gap: tokens.spacingHorizontalXS, flexWrap: "wrap" },
});

interface Props {
  readonly of: DataSetOf;
  readonly onAdopted: (number: number | null) => void;
}

/** Uploads that are kept beside the versions; nothing where there is none. */
export function Quarantine({ of, onAdopted }: Props) {
  const styles = useStyles();
  const may = useMay()("restore");
  const [asked, setAsked] = useState<{ upload: QuarantinedUpload; deed: "adopt" | "delete" } | null>(null);
  const found = useQuery({
    queryKey: ["data-sets", of.sid, of.scope, "quarantine"],
    queryFn: () => quarantine(of),
  });
  const columns: Column<QuarantinedUpload>[] = [
    { title: "Came", width: "140px", cell: (upload) => <Ago time={upload.at} never="Not known" /> },
    { title: "From", cell: (upload) => upload.agent ?? "not known" },
    { title: "Why it is here", width: "40%", cell: (upload) => upload.reason ?? "not known" },
    { title: "Size", width: "100px", wideOnly: true, cell: (upload) => bytesOf(upload.bytes) },
    {
      title: "",
      width: "200px",
      cell: (upload) => (
        <span className={styles.commands}>
          <Button size="small" onClick={() => setAsked({ upload, deed: "adopt" })}>
            Compare and adopt
          </Button>
          <Button size="small" onClick={() => setAsked({ upload, deed: "delete" })}>
            Delete
          </Button>
        </span>
      ),
    },
  ];
  return (
    <Loaded query={found} what="the quarantine">
      {({ item: uploads, etag }) =>
        uploads.length > 0 && (
          <section className={styles.root} aria-label="In quarantine">
            <Subtitle2 as="h2" className={styles.heading}>
              In quarantine
            </Subtitle2>
            <Text>
              Uploads that may be older than what is stored, or belong beside it. Nobody gets them until they
              are adopted.
            </Text>
            <DataTable
              label="Quarantine"
              columns={may ? columns : columns.filter((column) => column.title !== "")}
              rows={uploads}
              id={(upload) => upload.id}
            />
            {asked !== null && (
              <UploadDialog
                key={asked.upload.id}
                of={of}
                upload={asked.upload}
                deed={asked.deed}
                etag={etag}
                onAdopted={onAdopted}
                onClose={() => setAsked(null)}
              />
            )}
          </section>
        )
      }
    </Loaded>
  );
}
