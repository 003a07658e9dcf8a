import { Button, makeStyles, Spinner, Text, tokens } from "@fluentui/react-components";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState, type SyntheticEvent } from "react";
import { Navigate, useLocation, useNavigate } from "react-router";

import { endOpenid, sendOpenidCode, sentBack } from "../api/openid";
import type { Schema } from "../api/client";
import type { CurrentSession } from "../api/session";
import { Centered } from "../parts/Centered";
import { ProblemBar } from "../parts/ProblemBar";
import { CodeField } from "../parts/CodeField";
import { takePlace } from "./returnTo";
import { needsCode, SignIn } from "./SignIn";
import { SignInCard } from "./SignInCard";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
});

/** Key of the query that ends a sign-in. */
export const ENDED = "openid-return";

interface Props {
  readonly onSignedIn: (session: CurrentSession) => void;
}

/** Where the provider sends people back to. */
export function OpenidReturn({ onSignedIn }: Props) {
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  const [sent] = useState(() => sentBack(search));
  useEffect(() => {
    // The code is good once; it need not stay in the address.
    if (search !== "") void navigate(pathname, { replace: true });
  }, [navigate, pathname, search]);
  const enter = (session: CurrentSession) => {
    onSignedIn(session);
    void navigate(takePlace(), { replace: true });
  };
  return sent === null ? <Navigate to="/" replace /> : <Ended sent={sent} onSignedIn={enter} />;
}

/** Lets the console look at what the provider has sent. */
function Ended({ sent, onSignedIn }: Props & { readonly sent: Schema<"OpenidReturn"> }) {
  // It counts once, so it is sent once, however often this is shown.
  const ended = useQuery({
    queryKey: [ENDED, sent.state],
    queryFn: () => endOpenid(sent),
    staleTime: Infinity,
    retry: false,
  });
  const session = ended.data;
  useEffect(() => {
    if (session !== undefined) onSignedIn(session);
    // What is to be done then is another thing with each render, and is done once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [session]);
  if (needsCode(ended.error)) return <CodeAfter onSignedIn={onSignedIn} />;
  if (ended.isError) return <SignIn over={false} problem={ended.error} onSignedIn={onSignedIn} />;
  return (
    <Centered>
      <Spinner label="Asking the console" />
    </Centered>
  );
}

/** Asks for the code of the second factor, after the provider. */
function CodeAfter({ onSignedIn }: Props) {
  const styles = useStyles();
  const [code, setCode] = useState("");
  const send = useMutation({
    mutationFn: () => sendOpenidCode(code.trim()),
    onSuccess: onSignedIn,
    onError: () => setCode(""),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <SignInCard>
      <Text>The provider knows you. Your account here has a second factor as well.</Text>
      <ProblemBar error={send.error} />
      <form className={styles.form} onSubmit={submit}>
        <CodeField code={code} onChange={setCode} />
        <Button type="submit" appearance="primary" disabled={send.isPending || code.trim() === ""}>
          Sign in
        </Button>
      </form>
    </SignInCard>
  );
}
