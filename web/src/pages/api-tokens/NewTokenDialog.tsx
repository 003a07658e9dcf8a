import { Field, Input, SpinButton, Text } from "@fluentui/react-components";
import { useState } from "react";

import { createApiToken } from "../../api/people";
import { AccessFields, isComplete, type Access } from "../../parts/AccessFields";
import { Copyable } from "../../parts/Copyable";
import { FormDialog } from "../../parts/FormDialog";
import { numberOf } from "../../parts/numbers";
import { momentOf } from "../../parts/times";
import { useSession } from "../../parts/useSession";
import { roles } from "../administrators/people";

interface Props {
  readonly onCreated: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Makes an API token and shows it once. */
export function NewTokenDialog({ onCreated, onClose }: Props) {
  const session = useSession();
  const own = session?.role ?? "auditor";
  const [name, setName] = useState("");
  const [days, setDays] = useState<number | undefined>(90);
  const [access, setAccess] = useState<Access>({
    role: own === "administrator" ? "auditor" : own,
    groups: null,
  });
  return (
    <FormDialog
      title="New API token"
      action="Make the token"
      ready={name.trim() !== "" && isComplete(access)}
      onDo={async () => {
        const groups = access.groups === null ? null : [...access.groups];
        const lifetime = days === undefined ? {} : { "lifetime-days": days };
        const created = await createApiToken({ name, role: access.role, groups, ...lifetime });
        await onCreated();
        return created;
      }}
      told={(created) => (
        <>
          <Text>
            The token is shown only now, and is good until {momentOf(created.expires)}. A program sends it in
            the header Authorization, after the word Bearer.
          </Text>
          <Copyable text={created.token} label="the token" />
        </>
      )}
      onClose={onClose}
    >
      <Field label="What it is for" required hint="1 to 64 characters">
        <Input value={name} onChange={(_, data) => setName(data.value)} />
      </Field>
      <AccessFields
        access={access}
        roles={own === "administrator" ? roles : roles.filter(([role]) => role === own)}
        anyRole
        onChange={setAccess}
      />
      <Field label="Good for how many days" hint="1 to 366">
        <SpinButton min={1} max={366} value={days ?? null} onChange={(_, data) => setDays(numberOf(data))} />
      </Field>
      <Text>It never may more than you may yourself, and nothing about people.</Text>
    </FormDialog>
  );
}
