import { Badge, Button, makeStyles, ProgressBar, Subtitle2, Text, tokens } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { cancelMove, finishMove, storageMoves, type StorageMove } from "../../api/moves";
import { Ago } from "../../parts/Ago";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { DataTable, type Column } from "../../parts/DataTable";
import { Loaded } from "../../parts/Loaded";
import { useMay } from "../../parts/useSession";
import { scopeName } from "../users/data-sets/items";
import { isUnderWay, phaseText, progressText } from "./moveText";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalS },
  heading: { margin: 0 },
  progress: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalXS },
});

const COLORS = {
  copying: "brand",
  switched: "brand",
  finishing: "brand",
  ended: "success",
  cancelled: "informative",
} as const;

interface Asked {
  readonly move: StorageMove;
  readonly deed: "cancel" | "finish";
}

/** Moves of data sets from one Storage Server to another; nothing where there was none. */
export function Moves() {
  const styles = useStyles();
  const queries = useQueryClient();
  const may = useMay()("configure");
  const [asked, setAsked] = useState<Asked | null>(null);
  const found = useQuery({
    queryKey: ["storage-moves"],
    queryFn: storageMoves,
    refetchInterval: (query) => (query.state.data?.some(isUnderWay) === true ? 3_000 : 30_000),
  });
  const columns: Column<StorageMove>[] = [
    { title: "Data sets", cell: (move) => scopeName(move.scope) },
    { title: "From", cell: (move) => move.from },
    { title: "To", cell: (move) => move.to },
    {
      title: "Phase",
      width: "32%",
      cell: (move) => (
        <span className={styles.progress}>
          <Badge appearance="tint" color={COLORS[move.phase]}>
            {move.phase}
          </Badge>
          <Text size={200}>{phaseText(move)}</Text>
        </span>
      ),
    },
    {
      title: "Progress",
      cell: (move) => (
        <span className={styles.progress}>
          {isUnderWay(move) && (
            <ProgressBar
              aria-label={`Progress of the move to ${move.to}`}
              value={move.progress.users}
              max={Math.max(move.progress.listed, 1)}
            />
          )}
          <Text size={200}>{progressText(move)}</Text>
          {move.progress.problems.map((problem) => (
            <Text key={problem} size={200}>
              {problem}
            </Text>
          ))}
        </span>
      ),
    },
    { title: "Begun", width: "120px", wideOnly: true, cell: (move) => <Ago time={move["started-at"]} /> },
    { title: "By", width: "100px", wideOnly: true, cell: (move) => move["started-by"] },
    {
      title: "",
      width: "110px",
      cell: (move) =>
        may && (
          <>
            {move.phase === "copying" && (
              <Button size="small" onClick={() => setAsked({ move, deed: "cancel" })}>
                Give up
              </Button>
            )}
            {move.phase === "switched" && (
              <Button size="small" onClick={() => setAsked({ move, deed: "finish" })}>
                Finish
              </Button>
            )}
          </>
        ),
    },
  ];
  return (
    <Loaded query={found} what="moves">
      {(moves) =>
        moves.length > 0 && (
          <section className={styles.root} aria-label="Moves of data sets">
            <Subtitle2 as="h2" className={styles.heading}>
              Moves of data sets
            </Subtitle2>
            <DataTable label="Moves" columns={columns} rows={moves} id={(move) => move.id} />
            {asked !== null && (
              <ConfirmDialog
                title={asked.deed === "cancel" ? "Give up the move?" : "Finish the move now?"}
                action={asked.deed === "cancel" ? "Give up" : "Finish"}
                onConfirm={async () => {
                  await (asked.deed === "cancel" ? cancelMove : finishMove)(asked.move.id);
                  await queries.invalidateQueries({ queryKey: ["storage-moves"] });
                }}
                onClose={() => setAsked(null)}
              >
                {asked.deed === "cancel"
                  ? `Agents go on using ${asked.move.from}. What ${asked.move.to} has taken over stays there, and is used by nobody.`
                  : `Not waited for any more: ${asked.move["waiting-for"].join(", ")}. What these still have waits in their spools, and goes to ${asked.move.to} once they have asked for their plan.`}
              </ConfirmDialog>
            )}
          </section>
        )
      }
    </Loaded>
  );
}
