import { Text } from "@fluentui/react-components";

import { Copyable } from "./Copyable";

/** What a machine joins the farm as. */
export type JoinTarget =
  | { readonly role: "agent"; readonly group: string | null }
  | { readonly role: "storage"; readonly server: string; readonly host: string };

/** What to run on the machine that joins. */
export function JoinCommands({ target, token }: { readonly target: JoinTarget; readonly token: string }) {
  const console = window.location.origin;
  if (target.role === "storage") {
    return (
      <>
        <Text>Run this on the machine that shall be the Storage Server:</Text>
        <Copyable
          label="the command that joins"
          text={`metaprofiles storage enrol --console ${console} --token ${token} --address ${target.host}`}
        />
        <Text>Then start the Storage Service and let it run:</Text>
        <Copyable label="the command that runs it" text="metaprofiles storage run" />
      </>
    );
  }
  return (
    <>
      <Text>Install the Agent on the session host, in an elevated command prompt:</Text>
      <Copyable
        label="the command that installs"
        text={`msiexec /i metaprofiles-agent-${__VERSION__}-x64.msi /qn CONSOLE=${console} TOKEN=${token} /l*v install.log`}
      />
      <Text>Where the Agent is on the machine already, it joins with:</Text>
      <Copyable
        label="the command that joins"
        text={`metaprofiles-agent enrol --console ${console} --token ${token}`}
      />
    </>
  );
}
