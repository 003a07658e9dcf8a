import {
  Button,
  makeStyles,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";

import { auditLog } from "../api/activity";
import { DialogFrame } from "./DialogFrame";
import { different } from "./different";
import { ProblemBar } from "./ProblemBar";
import { momentOf } from "./times";

const useStyles = makeStyles({
  cell: {
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
    verticalAlign: "top",
    padding: tokens.spacingHorizontalS,
  },
});

type Described = readonly (readonly [string, string])[];

interface Props {
  /** As the audit log names it. */
  readonly subject: string;
  readonly mine: Described;
  readonly theirs: Described;
  readonly error: unknown;
  readonly busy: boolean;
  readonly onKeepMine: () => void;
  readonly onTakeTheirs: () => void;
  readonly onBack: () => void;
}

/** Two administrators changed the same: who it was, and both versions. */
export function ConflictDialog({
  subject,
  mine,
  theirs,
  error,
  busy,
  onKeepMine,
  onTakeTheirs,
  onBack,
}: Props) {
  const styles = useStyles();
  const log = useQuery({
    queryKey: ["audit-log", "conflict", subject],
    queryFn: () => auditLog({ search: subject, limit: 20 }),
    gcTime: 0,
  });
  const last = log.data?.items.find((entry) => entry.subject === subject);
  const who = last?.who.replace(/^administrator /, "") ?? "Somebody";
  const rows = different(mine, theirs);
  return (
    <DialogFrame
      asks
      title={`${who} changed this meanwhile`}
      width="wide"
      actions={
        <>
          <Button appearance="primary" disabled={busy} onClick={onTakeTheirs}>
            Go on from theirs
          </Button>
          <Button disabled={busy} onClick={onKeepMine}>
            Replace it with mine
          </Button>
          <Button onClick={onBack}>Back to my form</Button>
        </>
      }
    >
      <Text>
        {last === undefined ? "It" : `At ${momentOf(last.at)} it`} was saved by {who} after you had opened it.
        Nothing of yours was saved yet.
      </Text>
      <ProblemBar error={error} />
      {rows.length === 0 ? (
        <Text>Both versions say the same.</Text>
      ) : (
        <Table aria-label="The two versions" size="small">
          <TableHeader>
            <TableRow>
              <TableHeaderCell style={{ width: "25%" }}>Field</TableHeaderCell>
              <TableHeaderCell>Yours</TableHeaderCell>
              <TableHeaderCell>Saved by {who}</TableHeaderCell>
            </TableRow>
          </TableHeader>
          <TableBody>
            {rows.map((row) => (
              <TableRow key={row.field}>
                <TableCell className={styles.cell}>{row.field}</TableCell>
                <TableCell className={styles.cell}>{row.mine}</TableCell>
                <TableCell className={styles.cell}>{row.theirs}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </DialogFrame>
  );
}
