import { Badge, Button, makeStyles, tokens, Tooltip } from "@fluentui/react-components";
import { ArrowUndoRegular, PinOffRegular, PinRegular } from "@fluentui/react-icons";

import type { DataSetOf, Version } from "../../../api/dataSets";
import { Ago } from "../../../parts/Ago";
import { DataTable, type Column } from "../../../parts/DataTable";
import { PageLink } from "../../../parts/PageLink";
import { bytesOf } from "../../../parts/times";
import { useMay } from "../../../parts/useSession";
import { stateOf, whoOf } from "./version";

const useStyles = makeStyles({
  commands: { display: "flex", columnGap: tokens.spacingHorizontalXS, flexWrap: "wrap" },
  states: { display: "flex", gap: tokens.spacingHorizontalXS, flexWrap: "wrap" },
});

interface Props {
  readonly of: DataSetOf;
  readonly versions: readonly Version[];
  readonly onRestore: (version: Version) => void;
  readonly onPin: (version: Version) => void;
}

const color = (word: string) =>
  word === "current" ? "success" : ["damaged", "deleted"].includes(word) ? "danger" : "informative";

/** The versions of a data set, newest first. */
export function VersionTable({ of, versions, onRestore, onPin }: Props) {
  const styles = useStyles();
  const may = useMay()("restore");
  const columns: Column<Version>[] = [
    {
      title: "Version",
      width: "100px",
      cell: (version) => (
        <PageLink to={`/users/${of.sid}/data-sets/${encodeURIComponent(of.scope)}/${version.number}`}>
          {version.number}
        </PageLink>
      ),
      sort: (version) => version.number,
    },
    { title: "Stored", width: "140px", cell: (version) => <Ago time={version.stored} never="Not known" /> },
    { title: "By", cell: whoOf, sort: whoOf },
    { title: "Size", width: "100px", wideOnly: true, cell: (version) => bytesOf(version.bytes) },
    { title: "Notes", wideOnly: true, cell: (version) => version.removed?.reason ?? version.notes ?? "–" },
    {
      title: "State",
      width: "180px",
      cell: (version) => (
        <span className={styles.states}>
          {stateOf(version).map((word) => (
            <Badge key={word} appearance="tint" color={color(word)}>
              {word}
            </Badge>
          ))}
        </span>
      ),
    },
    {
      title: "",
      width: "160px",
      cell: (version) =>
        version.kept &&
        !version.damaged && (
          <span className={styles.commands}>
            {!version.current && (
              <Button
                size="small"
                icon={<ArrowUndoRegular />}
                aria-label={`Restore version ${version.number}`}
                onClick={() => onRestore(version)}
              >
                Restore
              </Button>
            )}
            <Tooltip
              content={version.pinned ? `Unpin version ${version.number}` : `Pin version ${version.number}`}
              relationship="label"
            >
              <Button
                size="small"
                icon={version.pinned ? <PinOffRegular /> : <PinRegular />}
                onClick={() => onPin(version)}
              />
            </Tooltip>
          </span>
        ),
    },
  ];
  return (
    <DataTable
      label="Versions"
      columns={may ? columns : columns.filter((column) => column.title !== "")}
      rows={versions}
      id={(version) => String(version.number)}
    />
  );
}
