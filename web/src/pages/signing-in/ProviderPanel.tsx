import { Button, Field, Switch, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { DetailsPanel } from "../../parts/DetailsPanel";
import { ProblemBar } from "../../parts/ProblemBar";

/** What the forms of all providers have. */
interface Draft {
  readonly enabled: boolean;
  readonly certificates: string;
}

interface Props {
  readonly title: string;
  /** What is asked, such as "the directory". */
  readonly what: string;
  readonly draft: Draft;
  readonly onChange: (part: Partial<Draft>) => void;
  readonly onSave: () => Promise<void>;
  /** Under which answers are kept that are others once it is saved. */
  readonly queryKeys: readonly string[];
  readonly onClose: () => void;
  /** How it is reached. */
  readonly children: ReactNode;
  /** What its groups may do. */
  readonly roles: ReactNode;
}

/** The form of somebody else's directory. */
export function ProviderPanel(props: Props) {
  const { title, what, draft, onChange, queryKeys, onClose, children, roles } = props;
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: props.onSave,
    onSuccess: async () => {
      await Promise.all(queryKeys.map((key) => queries.invalidateQueries({ queryKey: [key] })));
      onClose();
    },
  });
  return (
    <DetailsPanel
      title={title}
      open
      size="large"
      onClose={onClose}
      footer={
        <>
          <Button appearance="primary" disabled={save.isPending} onClick={() => save.mutate()}>
            Save
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <ProblemBar error={save.error} title="Not saved" />
      <Switch
        label={`People of ${what} can sign in`}
        checked={draft.enabled}
        onChange={(_, data) => onChange({ enabled: data.checked })}
      />
      {children}
      <Field
        label={`Certificates of the authorities that sign those of ${what}`}
        hint="PEM; those that the console's system trusts if empty"
      >
        <Textarea value={draft.certificates} onChange={(_, data) => onChange({ certificates: data.value })} />
      </Field>
      {roles}
    </DetailsPanel>
  );
}
