import {
  Button,
  Checkbox,
  Field,
  Input,
  Radio,
  RadioGroup,
  SpinButton,
  Textarea,
} from "@fluentui/react-components";
import { TextBulletListTreeRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { groups, type DataSubset } from "../../api/farm";
import { Choice } from "../../parts/Choice";
import { numberOf } from "../../parts/numbers";
import { PickerDialog } from "./PickerDialog";
import { FolderRules, RegistryRules } from "./Rules";
import type { Sample } from "./SourceChoice";
import { conflictRules, groupsOf, importModes } from "./subset";
import { TrialSection } from "./TrialSection";

const MEGABYTE = 1_048_576;

interface Props {
  readonly draft: DataSubset;
  readonly onChange: (part: Partial<DataSubset>) => void;
  readonly isNew: boolean;
}

/** The fields of a data subset. */
export function SubsetForm({ draft, onChange, isNew }: Props) {
  const known = useQuery({ queryKey: [groups.key], queryFn: groups.list });
  const [picking, setPicking] = useState(false);
  const [sample, setSample] = useState<Sample | null>(null);
  const chosen = groupsOf(draft);
  const most = draft["max-total-bytes"];
  return (
    <>
      <Field label="Name" required hint={isNew ? "Cannot be changed later." : "Cannot be changed."}>
        <Input
          value={draft.name}
          disabled={!isNew}
          placeholder="Office settings"
          onChange={(_, data) => onChange({ name: data.value })}
        />
      </Field>
      <Field label="Description">
        <Textarea
          value={draft.description ?? ""}
          onChange={(_, data) => onChange({ description: data.value })}
        />
      </Field>
      <Field label="Kept">
        <RadioGroup
          value={chosen === null ? "global" : "groups"}
          onChange={(_, data) =>
            onChange({
              applies:
                data.value === "global"
                  ? "global"
                  : { groups: (known.data ?? []).slice(0, 1).map((group) => group.name) },
            })
          }
        >
          <Radio value="global" label="Once for the whole farm" />
          <Radio
            value="groups"
            label="Once for each of some groups"
            disabled={(known.data ?? []).length === 0}
          />
        </RadioGroup>
      </Field>
      {chosen !== null && (
        <div role="group" aria-label="Groups">
          {(known.data ?? []).map((group) => (
            <Checkbox
              key={group.name}
              label={group.name}
              checked={chosen.includes(group.name)}
              onChange={(_, data) =>
                onChange({
                  applies: {
                    groups:
                      data.checked === true
                        ? [...chosen, group.name]
                        : chosen.filter((each) => each !== group.name),
                  },
                })
              }
            />
          ))}
        </div>
      )}
      <Button
        icon={<TextBulletListTreeRegular />}
        style={{ alignSelf: "flex-start" }}
        onClick={() => setPicking(true)}
      >
        Pick from a tree
      </Button>
      {picking && (
        <PickerDialog
          draft={draft}
          onChange={onChange}
          sample={sample}
          onSample={setSample}
          onClose={() => setPicking(false)}
        />
      )}
      <RegistryRules rules={draft.registry ?? []} onChange={(registry) => onChange({ registry })} />
      <FolderRules rules={draft.folders ?? []} onChange={(rules) => onChange({ folders: rules })} />
      <Choice
        label="At logon"
        value={draft.import ?? "synchronous"}
        options={importModes}
        onChange={(value) => onChange({ import: value as DataSubset["import"] })}
      />
      <Choice
        label="When two sessions changed the same differently"
        value={draft["on-conflict"] ?? "newest-session-wins"}
        options={conflictRules}
        hint="The other content is reported, and kept in the history of the data set."
        onChange={(value) => onChange({ "on-conflict": value as DataSubset["on-conflict"] })}
      />
      <Field
        label="All files together, megabytes at most"
        hint="0 for no limit. Larger ones are skipped and reported."
      >
        <SpinButton
          min={0}
          value={most == null ? 0 : Math.round(most / MEGABYTE)}
          onChange={(_, data) => {
            const megabytes = numberOf(data) ?? 0;
            onChange({ "max-total-bytes": megabytes === 0 ? null : megabytes * MEGABYTE });
          }}
        />
      </Field>
      <TrialSection subset={draft} sample={sample} onSample={setSample} />
    </>
  );
}
