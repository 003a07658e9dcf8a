import { makeStyles, mergeClasses, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { CheckmarkCircleFilled, CircleRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";

import { overview } from "../../api/activity";
import { Loaded } from "../../parts/Loaded";
import { Page } from "../../parts/Page";
import { AgentStep, StorageStep } from "./JoinSteps";
import { GroupStep, ServerStep } from "./DescribeSteps";
import { LogonStep } from "./LogonStep";
import { doneOf, nextOf, steps, type StepName } from "./steps";
import { SubsetStep } from "./SubsetStep";

const useStyles = makeStyles({
  list: { listStyleType: "none", margin: 0, padding: 0, maxWidth: "900px" },
  step: {
    display: "grid",
    gridTemplateColumns: "32px minmax(0, 1fr)",
    columnGap: tokens.spacingHorizontalM,
    paddingBottom: tokens.spacingVerticalL,
  },
  icon: { fontSize: "24px", color: tokens.colorNeutralForeground3 },
  done: { color: tokens.colorStatusSuccessForeground1 },
  content: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM },
  body: {
    display: "flex",
    flexDirection: "column",
    rowGap: tokens.spacingVerticalM,
    alignItems: "stretch",
    padding: tokens.spacingHorizontalL,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
  },
});

const BODIES: Record<StepName, ComponentType> = {
  server: ServerStep,
  storage: StorageStep,
  group: GroupStep,
  subset: SubsetStep,
  agent: AgentStep,
  logon: LogonStep,
};

/** From an empty farm to the first logon, step by step. */
export default function SetUpPage() {
  const styles = useStyles();
  const farm = useQuery({ queryKey: ["overview"], queryFn: overview, refetchInterval: 3_000 });
  return (
    <Page
      title="Set up the farm"
      about="From nothing to the first user whose settings are kept. The page follows what happens; you can leave it and come back."
    >
      <Loaded query={farm} what="the farm">
        {(data) => {
          const done = doneOf(data);
          const next = nextOf(done);
          return (
            <ol className={styles.list}>
              {steps.map(([name, title]) => {
                const Body = BODIES[name];
                return (
                  <li
                    key={name}
                    className={styles.step}
                    aria-current={name === next ? "step" : undefined}
                    data-step={name}
                  >
                    {done[name] ? (
                      <CheckmarkCircleFilled
                        className={mergeClasses(styles.icon, styles.done)}
                        aria-label="Done"
                      />
                    ) : (
                      <CircleRegular className={styles.icon} aria-label="To do" />
                    )}
                    <div className={styles.content}>
                      <Subtitle2 as="h2">{title}</Subtitle2>
                      {name === next && (
                        <div className={styles.body}>
                          <Body />
                        </div>
                      )}
                    </div>
                  </li>
                );
              })}
              {next === null && (
                <li>
                  <Text>
                    The farm works. Add session hosts under Agents, and say what else to keep under Data
                    subsets.
                  </Text>
                </li>
              )}
            </ol>
          );
        }}
      </Loaded>
    </Page>
  );
}
