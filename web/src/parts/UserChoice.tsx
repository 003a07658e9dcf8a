import { Combobox, Field, Option } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { users } from "../api/activity";
import { useSettled } from "./useSettled";

/** How many are offered at a time. */
const OFFERED = 20;

interface Props {
  /** His SID; empty when nobody is chosen yet. */
  readonly sid: string;
  readonly onChange: (sid: string) => void;
}

/** One of the users of whose sessions Agents have reported, found by name or SID. */
export function UserChoice({ sid, onChange }: Props) {
  const [typed, setTyped] = useState(sid);
  const search = useSettled(typed.trim());
  const found = useQuery({
    queryKey: ["users", "choice", search],
    queryFn: () => users({ limit: OFFERED, ...(search === "" ? {} : { search }) }),
  });
  return (
    <Field label="User" hint="Type a part of the name or SID.">
      <Combobox
        freeform
        value={typed}
        selectedOptions={[sid]}
        onChange={(event) => {
          setTyped(event.target.value);
          onChange(/^S-1-\d/i.test(event.target.value.trim()) ? event.target.value.trim() : "");
        }}
        onOptionSelect={(_, data) => {
          setTyped(data.optionText ?? "");
          onChange(data.optionValue ?? "");
        }}
      >
        {(found.data?.items ?? []).map((user) => {
          const text = user.name == null ? user.sid : `${user.name}, ${user["display-name"] ?? user.sid}`;
          return (
            <Option key={user.sid} value={user.sid} text={text}>
              {text}
            </Option>
          );
        })}
      </Combobox>
    </Field>
  );
}
