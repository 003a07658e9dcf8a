import { Button, Card, Spinner, Subtitle2, Text } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { useLocation } from "react-router";

import { onSessionOver } from "../api/client";
import { RETURN } from "../api/openid";
import { currentSession, type CurrentSession } from "../api/session";
import { Centered } from "../parts/Centered";
import { ProblemBar } from "../parts/ProblemBar";
import { EnrolSecondFactor } from "../pages/settings/EnrolSecondFactor";
import { PasswordForm } from "../pages/settings/PasswordForm";
import { ENDED, OpenidReturn } from "./OpenidReturn";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";

const CodesPage = lazy(() => import("../pages/codes/CodesPage"));

/** The pages for whoever is signed in, and the way in for everybody else. The address stays, so that it is come back to. */
export function SignedIn() {
  const queries = useQueryClient();
  const { pathname } = useLocation();
  const [over, setOver] = useState(false);
  const session = useQuery({ queryKey: ["session"], queryFn: currentSession, staleTime: Infinity });
  const name = session.data?.name;

  useEffect(
    () =>
      onSessionOver(() => {
        if (queries.getQueryData(["session"]) == null) return;
        setOver(true);
        queries.setQueryData(["session"], null);
      }),
    [queries],
  );

  if (session.isPending) {
    return (
      <Centered>
        <Spinner label="Asking the console" />
      </Centered>
    );
  }
  if (session.isError) {
    return (
      <Centered>
        <ProblemBar error={session.error} />
        <Button onClick={() => void session.refetch()}>Try again</Button>
      </Centered>
    );
  }
  const enter = (next: CurrentSession) => {
    // What another administrator saw is not for this one. What ended a sign-in is not asked for once more.
    const kept = ["session", ENDED];
    queries.removeQueries({ predicate: (query) => !kept.includes(String(query.queryKey[0])) });
    setOver(false);
    queries.setQueryData(["session"], next);
  };
  if (pathname === RETURN) return <OpenidReturn onSignedIn={enter} />;
  if (name === undefined && pathname.startsWith("/codes/")) {
    // What a code means is no secret, and is asked for when one cannot sign in.
    return (
      <Suspense>
        <CodesPage />
      </Suspense>
    );
  }
  if (name === undefined) {
    return <SignIn over={over} onSignedIn={enter} />;
  }
  if (session.data?.["must-change-password"] === true) {
    return (
      <Centered>
        <Card style={{ width: "min(400px, 100%)" }}>
          <Subtitle2 as="h1">Choose your own password</Subtitle2>
          <Text>Somebody else has set your present one. Until it is changed, nothing else is allowed.</Text>
          <PasswordForm name={name} onChanged={() => void queries.invalidateQueries()} />
        </Card>
      </Centered>
    );
  }
  if (session.data?.["must-enrol-second-factor"] === true) {
    return (
      <Centered>
        <Card style={{ width: "min(480px, 100%)" }}>
          <Subtitle2 as="h1">Enrol a second factor</Subtitle2>
          <Text>
            This farm wants one of everybody who signs in. Until it is there, nothing else is allowed.
          </Text>
          <EnrolSecondFactor onDone={() => void queries.invalidateQueries()} />
        </Card>
      </Centered>
    );
  }
  return <Shell name={name} onSignedOut={() => queries.setQueryData(["session"], null)} />;
}
