import {
  Accordion,
  AccordionHeader,
  AccordionItem,
  AccordionPanel,
  Checkbox,
  Dropdown,
  Field,
  Input,
  Option,
  SpinButton,
  Textarea,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { storageServers, type AgentServerGroup } from "../../api/farm";
import { Choice } from "../../parts/Choice";
import { numberOf } from "../../parts/numbers";
import { RetentionFields } from "../../parts/RetentionFields";
import { defaultSettings, holding, modes, waits, whenAway } from "./group";

interface Props {
  readonly draft: AgentServerGroup;
  readonly onChange: (part: Partial<AgentServerGroup>) => void;
  readonly isNew: boolean;
}

type Settings = NonNullable<AgentServerGroup["settings"]>;

/** The fields of a group. */
export function GroupForm({ draft, onChange, isNew }: Props) {
  const servers = useQuery({ queryKey: [storageServers.key], queryFn: storageServers.list });
  const settings = { ...defaultSettings, ...draft.settings };
  const set = (part: Settings) => onChange({ settings: { ...draft.settings, ...part } });
  const others = draft["other-storage-servers"] ?? [];
  const names = (servers.data ?? []).map((server) => [server.name, server.name] as const);
  return (
    <>
      <Field
        label="Name"
        required
        hint={
          isNew
            ? "Letters, digits, hyphens and underscores. Cannot be changed later, for it is a folder on storage."
            : "Cannot be changed."
        }
      >
        <Input
          value={draft.name}
          disabled={!isNew}
          placeholder="Office"
          onChange={(_, data) => onChange({ name: data.value })}
        />
      </Field>
      <Field label="Description">
        <Textarea
          value={draft.description ?? ""}
          onChange={(_, data) => onChange({ description: data.value })}
        />
      </Field>
      <Choice
        label="Storage Server"
        value={draft["storage-server"] ?? ""}
        options={[["", "The farm's first one"], ...names]}
        onChange={(value) => onChange({ "storage-server": value === "" ? null : value })}
      />
      <Field
        label="Storage Servers to try when it is away"
        hint="They keep the same data sets. Agents try them in this order."
      >
        <Dropdown
          multiselect
          placeholder="None"
          value={others.join(", ")}
          selectedOptions={others}
          onOptionSelect={(_, data) => onChange({ "other-storage-servers": data.selectedOptions })}
        >
          {names
            .filter(([name]) => name !== draft["storage-server"])
            .map(([name]) => (
              <Option key={name}>{name}</Option>
            ))}
        </Dropdown>
      </Field>
      <Choice
        label="At logon"
        value={settings.mode}
        options={modes}
        hint="A data subset can ask not to be waited for."
        onChange={(value) => set({ mode: value as Settings["mode"] })}
      />
      <Choice
        label="When storage does not answer in time"
        value={settings["storage-away"]}
        options={whenAway}
        onChange={(value) => set({ "storage-away": value as Settings["storage-away"] })}
      />
      <Field label="Checkpoint every so many minutes" hint="0 for never, at most 1440">
        <SpinButton
          min={0}
          max={1440}
          value={settings["checkpoint-minutes"]}
          onChange={(_, data) => set({ "checkpoint-minutes": numberOf(data) })}
        />
      </Field>
      <Choice
        label="At logoff"
        value={settings["hold-profile"]}
        options={holding}
        onChange={(value) => set({ "hold-profile": value as Settings["hold-profile"] })}
      />
      <div>
        <Checkbox
          label="Merge what other sessions stored when a session is connected again"
          checked={settings["merge-newer-on-connect"]}
          onChange={(_, data) => set({ "merge-newer-on-connect": data.checked === true })}
        />
        <Checkbox
          label="Export local and roaming profiles, as a source for migration"
          checked={settings["capture-local-profiles"]}
          onChange={(_, data) => set({ "capture-local-profiles": data.checked === true })}
        />
        <Checkbox
          label="Close a loaded mandatory hive to other users"
          checked={settings["protect-hive"]}
          onChange={(_, data) => set({ "protect-hive": data.checked === true })}
        />
      </div>
      <div>
        <Checkbox
          label="Keep other former versions than the Storage Server's other groups"
          checked={draft.retention != null}
          onChange={(_, data) =>
            onChange({ retention: data.checked === true ? { "keep-versions": 5 } : null })
          }
        />
        {draft.retention != null && (
          <RetentionFields
            value={draft.retention}
            onChange={(part) => onChange({ retention: { ...draft.retention, ...part } })}
          />
        )}
      </div>
      <Accordion collapsible>
        <AccordionItem value="waits">
          <AccordionHeader>Longest waits</AccordionHeader>
          <AccordionPanel>
            {waits.map(([name, title, standard]) => (
              <Field key={name} label={`${title}, milliseconds`} style={{ marginBottom: 12 }}>
                <SpinButton
                  min={100}
                  max={600_000}
                  step={500}
                  value={draft.waits?.[name] ?? standard}
                  onChange={(_, data) => onChange({ waits: { ...draft.waits, [name]: numberOf(data) } })}
                />
              </Field>
            ))}
          </AccordionPanel>
        </AccordionItem>
      </Accordion>
    </>
  );
}
