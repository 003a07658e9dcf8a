import { Field, Input, Text } from "@fluentui/react-components";
import { useState } from "react";

import type { Tagged } from "../../api/client";
import {
  changeAdministrator,
  createAdministrator,
  resetPassword,
  type Administrator,
  type AdministratorWithPassword,
} from "../../api/people";
import { AccessFields, isComplete, type Access } from "../../parts/AccessFields";
import { Copyable } from "../../parts/Copyable";
import { FormDialog } from "../../parts/FormDialog";
import { roles } from "./people";

/** What is told once of an account. */
function FirstPassword({ account }: { readonly account: AdministratorWithPassword }) {
  return (
    <>
      <Text>
        {account.name} signs in with this password, and has to change it then. It is shown only now.
      </Text>
      <Copyable text={account.password ?? ""} label="the password" />
    </>
  );
}

interface NewProps {
  readonly onCreated: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Lets somebody sign in. */
export function NewAdministratorDialog({ onCreated, onClose }: NewProps) {
  const [name, setName] = useState("");
  const [access, setAccess] = useState<Access>({ role: "operator", groups: null });
  return (
    <FormDialog
      title="New administrator"
      action="Create"
      ready={name.trim() !== "" && isComplete(access)}
      onDo={async () => {
        const groups = access.groups === null ? null : [...access.groups];
        const created = await createAdministrator({ name, role: access.role, groups });
        await onCreated();
        return created;
      }}
      told={(account) => <FirstPassword account={account} />}
      onClose={onClose}
    >
      <Field label="Name" required hint="1 to 64 characters; cannot be changed later">
        <Input value={name} onChange={(_, data) => setName(data.value)} />
      </Field>
      <AccessFields access={access} roles={roles} onChange={setAccess} />
      <Text>The first password is made up, and shown once the account is there.</Text>
    </FormDialog>
  );
}

interface Props {
  readonly person: Tagged<Administrator>;
  readonly onChanged: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Gives somebody another role or other groups. */
export function RoleDialog({ person: { item, etag }, onChanged, onClose }: Props) {
  const [access, setAccess] = useState<Access>({ role: item.role, groups: item.groups ?? null });
  return (
    <FormDialog
      title={`What ${item.name} may do`}
      action="Save"
      ready={isComplete(access)}
      onDo={async () => {
        const groups = access.groups === null ? null : [...access.groups];
        await changeAdministrator(item.name, etag, {
          role: access.role,
          groups,
          disabled: item.disabled,
        });
        await onChanged();
      }}
      onClose={onClose}
    >
      <AccessFields access={access} roles={roles} onChange={setAccess} />
    </FormDialog>
  );
}

/** Makes up a password for somebody who has forgotten his. */
export function ResetPasswordDialog({ person: { item, etag }, onChanged, onClose }: Props) {
  return (
    <FormDialog
      title={`Reset the password of ${item.name}?`}
      action="Reset"
      ready
      onDo={async () => {
        const changed = await resetPassword(item.name, etag);
        await onChanged();
        return changed;
      }}
      told={(account) => <FirstPassword account={account} />}
      onClose={onClose}
    >
      <Text>
        A password is made up and shown once. The present one is good for nothing any more, the account is
        unlocked, and all its sessions end. API tokens and a second factor stay.
      </Text>
    </FormDialog>
  );
}
