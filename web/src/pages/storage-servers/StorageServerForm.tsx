import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Checkbox,
  Field,
  Input,
  SpinButton,
  Text,
} from "@fluentui/react-components";

import type { StorageServer } from "../../api/farm";
import { numberOf } from "../../parts/numbers";
import { OptionalNumber } from "../../parts/OptionalNumber";
import { RetentionFields } from "../../parts/RetentionFields";
import { limits } from "./limits";

interface Props {
  readonly draft: StorageServer;
  readonly onChange: (part: Partial<StorageServer>) => void;
  readonly isNew: boolean;
}

/** The fields of a Storage Server. */
export function StorageServerForm({ draft, onChange, isNew }: Props) {
  return (
    <>
      <Field label="Name" required hint={isNew ? "Cannot be changed later." : "Cannot be changed."}>
        <Input
          value={draft.name}
          disabled={!isNew}
          placeholder="TS-STORE1"
          onChange={(_, data) => onChange({ name: data.value })}
        />
      </Field>
      <Field label="Host" required hint="DNS name or IP address by which Agents reach it.">
        <Input
          value={draft.host}
          placeholder="ts-store1.example.com"
          onChange={(_, data) => onChange({ host: data.value })}
        />
      </Field>
      <Field label="TCP port" required>
        <SpinButton
          min={1}
          max={65535}
          value={draft.port ?? null}
          onChange={(_, data) => onChange({ port: numberOf(data) })}
        />
      </Field>
      <Field
        label="Base folder"
        required
        hint="Absolute path on that machine. Everything is kept below it; users need no rights there."
      >
        <Input value={draft["base-folder"]} onChange={(_, data) => onChange({ "base-folder": data.value })} />
      </Field>
      <Field label="Global folder" hint="Below the base folder, for what is kept once for the whole farm.">
        <Input
          value={draft["global-folder"] ?? ""}
          onChange={(_, data) => onChange({ "global-folder": data.value })}
        />
      </Field>
      <Checkbox
        label="Keeps the global data sets"
        checked={draft["keeps-global"] ?? false}
        onChange={(_, data) => onChange({ "keeps-global": data.checked === true })}
      />
      <Text size={200}>
        Agents try those that do in the order of the farm. When none does, the first Storage Server keeps
        them.
      </Text>
      <RetentionFields value={draft} onChange={onChange} />
      <OptionalNumber
        label="Quota of each user, bytes"
        hint="For the current data set of each scope; storage warns before it refuses. Empty for none."
        value={draft.limits?.["quota-bytes"]}
        most={Number.MAX_SAFE_INTEGER}
        step={1_048_576}
        onChange={(bytes) => onChange({ limits: { ...draft.limits, "quota-bytes": bytes } })}
      />
      <Accordion collapsible>
        <AccordionItem value="limits">
          <AccordionHeader>Limits</AccordionHeader>
          <AccordionPanel>
            {limits.map(([name, title, standard, most]) => (
              <Field key={name} label={title} style={{ marginBottom: 12 }}>
                <SpinButton
                  min={1}
                  max={most}
                  value={draft.limits?.[name] ?? standard}
                  onChange={(_, data) => onChange({ limits: { ...draft.limits, [name]: numberOf(data) } })}
                />
              </Field>
            ))}
          </AccordionPanel>
        </AccordionItem>
      </Accordion>
    </>
  );
}
