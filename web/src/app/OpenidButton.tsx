import { Button, Divider, Link, Text } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";

import { beginOpenid, signInOptions } from "../api/openid";
import { ProblemBar } from "../parts/ProblemBar";
import { rememberPlace } from "./returnTo";

/** The way in by way of an OpenID Connect provider, where there is one. */
export function OpenidButton() {
  const options = useQuery({
    queryKey: ["sign-in-options"],
    queryFn: signInOptions,
    // An administrator may have turned it off since.
    refetchOnMount: "always",
  });
  const begin = useMutation({
    mutationFn: beginOpenid,
    onSuccess: (address) => {
      rememberPlace();
      window.location.assign(address);
    },
  });
  const provider = options.data?.["openid-connect"];
  if (provider == null) return null;
  return (
    <>
      <Divider>or</Divider>
      <ProblemBar error={begin.error} />
      {provider.address === window.location.origin ? (
        // The page is left when the console has answered.
        <Button disabled={begin.isPending || begin.isSuccess} onClick={() => begin.mutate()}>
          Sign in with {provider.name}
        </Button>
      ) : (
        <Text>
          To sign in with {provider.name} open <Link href={provider.address}>{provider.address}</Link>.
        </Text>
      )}
    </>
  );
}
