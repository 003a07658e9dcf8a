import {
  Button,
  Field,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Textarea,
  tokens,
} from "@fluentui/react-components";
import { DocumentArrowUpRegular } from "@fluentui/react-icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { exportConfiguration, importConfiguration, tryImport } from "../../api/configuration";
import { isStale } from "../../api/problem";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { ProblemBar } from "../../parts/ProblemBar";
import { Differences } from "./Differences";

const useStyles = makeStyles({
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  text: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
});

/** Makes another text the configuration, after what would change was looked at. */
export function Import() {
  const styles = useStyles();
  const queries = useQueryClient();
  const file = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [asked, setAsked] = useState(false);
  const preview = useMutation({
    // The tag first: what is looked at is then never newer than what may be replaced.
    mutationFn: async () => {
      const { etag } = await exportConfiguration();
      return { etag, ...(await tryImport(text)) };
    },
  });
  const apply = useMutation({
    mutationFn: (etag: string) => importConfiguration(text, etag),
    onSuccess: async () => {
      preview.reset();
      setText("");
      await queries.invalidateQueries();
    },
  });
  const change = (next: string) => {
    setText(next);
    preview.reset();
    apply.reset();
  };
  const found = preview.data;
  const removed = found?.differences.filter((difference) => difference.action === "removed").length ?? 0;
  return (
    <>
      {apply.isSuccess && (
        <MessageBar intent="success">
          <MessageBarBody>
            The configuration is imported: {apply.data.differences.length} things have changed. Machines learn
            of it within seconds.
          </MessageBarBody>
        </MessageBar>
      )}
      <ProblemBar error={preview.error} title="This text cannot be imported" />
      <Field
        label="Configuration text"
        hint="It becomes the whole configuration: what is not in it is removed."
      >
        <Textarea
          textarea={{ className: styles.text }}
          rows={12}
          resize="vertical"
          value={text}
          onChange={(_, data) => change(data.value)}
        />
      </Field>
      <input
        ref={file}
        type="file"
        accept=".toml"
        hidden
        aria-label="Configuration file"
        onChange={(event) => void event.target.files?.[0]?.text().then(change)}
      />
      <div className={styles.actions}>
        <Button icon={<DocumentArrowUpRegular />} onClick={() => file.current?.click()}>
          Choose a file
        </Button>
        <Button onClick={() => void exportConfiguration().then(({ item }) => change(item))}>
          Start from the present one
        </Button>
        <Button
          appearance="primary"
          disabled={text.trim() === "" || preview.isPending}
          onClick={() => preview.mutate()}
        >
          Show what would change
        </Button>
      </div>
      {found !== undefined && (
        <>
          <Differences differences={found.differences} />
          {found.differences.length > 0 && (
            <div className={styles.actions}>
              <Button appearance="primary" onClick={() => setAsked(true)}>
                Import
              </Button>
            </div>
          )}
        </>
      )}
      {asked && found !== undefined && (
        <ConfirmDialog
          title="Import this configuration?"
          action="Import"
          onConfirm={() =>
            apply.mutateAsync(found.etag).catch((error: unknown) => {
              // What was looked at is no more what would happen.
              if (isStale(error)) preview.reset();
              throw error;
            })
          }
          onClose={() => setAsked(false)}
        >
          {found.differences.length} things change{removed > 0 && `, ${removed} of them are removed`}. Agents
          and Storage Servers follow within seconds. Nothing that is stored is deleted.
        </ConfirmDialog>
      )}
    </>
  );
}
