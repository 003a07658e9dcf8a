import {
  Card,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Subtitle2,
  Text,
  tokens,
} from "@fluentui/react-components";

import type { SessionReport } from "../../api/activity";
import { sentence } from "../../api/problem";
import { Code } from "../../parts/Code";
import { OutcomeBadge } from "../../parts/OutcomeBadge";
import { bytesOf, lengthOf, secondOf } from "../../parts/times";
import { ItemList } from "./ItemList";
import { Steps } from "./Steps";

const useStyles = makeStyles({
  head: { display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: tokens.spacingHorizontalM },
  time: { color: tokens.colorNeutralForeground3 },
  sets: { color: tokens.colorNeutralForeground2 },
});

const EVENTS: Record<SessionReport["event"], string> = {
  logon: "Logon",
  logoff: "Logoff",
  checkpoint: "Checkpoint",
  "late-merge": "Late merge",
  adopt: "Adopted after a restart",
  connect: "Connected again",
  upload: "Sent from the spool",
};

/** What the Agent did for one event. */
export function ReportCard({ report }: { readonly report: SessionReport }) {
  const styles = useStyles();
  return (
    <Card>
      <div className={styles.head}>
        <Subtitle2 as="h2">{EVENTS[report.event]}</Subtitle2>
        <OutcomeBadge outcome={report.outcome} />
        <Text className={styles.time}>
          {secondOf(report.started)}, took {lengthOf(report.duration)}
          {report.mode === "synchronous" && ", somebody waited"}
          {report.mode === "asynchronous" && ", nobody waited"}; {report.profile} profile, plan{" "}
          {report["plan-revision"]}
        </Text>
      </div>
      {report.problems.map((problem) => (
        <MessageBar key={problem.code + problem.message} intent="warning" layout="multiline">
          <MessageBarBody>
            {sentence(problem.message)} <Code code={problem.code} />
          </MessageBarBody>
        </MessageBar>
      ))}
      <Steps steps={report.steps} duration={report.duration} />
      {report["data-sets"].map((set) => (
        <Text key={set.scope} className={styles.sets}>
          Data set {set.scope}: {set.result}
          {set.bytes != null && `, ${bytesOf(set.bytes)}`}
        </Text>
      ))}
      <ItemList items={report.items} more={report["more-items"]} />
    </Card>
  );
}
