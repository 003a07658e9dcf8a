import { MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import type { ReactNode } from "react";

import { asProblem, sentence } from "../api/problem";
import { Code } from "./Code";

interface Props {
  /** What was thrown; nothing is shown for null. */
  readonly error: unknown;
  /** What was not done. */
  readonly title?: string;
  readonly actions?: ReactNode;
}

/** A failure: what happened, what to do next, and the code under which it is explained. */
export function ProblemBar({ error, title, actions }: Props) {
  if (error === null || error === undefined) return null;
  const problem = asProblem(error);
  return (
    <MessageBar intent="error" layout="multiline">
      <MessageBarBody>
        {title !== undefined && <MessageBarTitle>{title}</MessageBarTitle>}
        {sentence(problem.message)} <Code code={problem.code} />
      </MessageBarBody>
      {actions !== undefined && <MessageBarActions>{actions}</MessageBarActions>}
    </MessageBar>
  );
}
