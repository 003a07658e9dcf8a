import { Button, Spinner } from "@fluentui/react-components";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { ProblemBar } from "./ProblemBar";

interface Props<T> {
  readonly query: UseQueryResult<T>;
  /** What is loaded, as in "Loading Agents". */
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}

/** What was asked for, once it is there. What was there before stays while a new answer is waited for or does not come. */
export function Loaded<T>({ query, what, children }: Props<T>) {
  const again = (
    <Button size="small" onClick={() => void query.refetch()}>
      Try again
    </Button>
  );
  return (
    <>
      {query.isError && <ProblemBar error={query.error} title={`Cannot load ${what}`} actions={again} />}
      {query.isPending && <Spinner label={`Loading ${what}`} />}
      {query.data !== undefined && children(query.data)}
    </>
  );
}
