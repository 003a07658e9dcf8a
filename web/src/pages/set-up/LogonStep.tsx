import { Spinner, Text } from "@fluentui/react-components";

/** Waits for the first session. */
export function LogonStep() {
  return (
    <>
      <Text>
        Log on to the session host with a user who has the mandatory profile, change something, and log off.
        The Agent reports the session here within a minute.
      </Text>
      <Spinner
        size="tiny"
        labelPosition="after"
        label="Waiting for the first session"
        style={{ alignSelf: "flex-start" }}
      />
    </>
  );
}
