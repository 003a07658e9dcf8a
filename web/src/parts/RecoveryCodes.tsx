import { Text } from "@fluentui/react-components";

import { Copyable } from "./Copyable";

/** Recovery codes, which are shown once. */
export function RecoveryCodes({ codes }: { readonly codes: readonly string[] }) {
  return (
    <>
      <Text>
        Each of these recovery codes lets you in once without your authenticator. They are shown only now:
        keep them where you find them without your telephone.
      </Text>
      <Copyable text={codes.join("\n")} label="the recovery codes" />
    </>
  );
}
