import { Button, Text } from "@fluentui/react-components";
import { ArrowUndoRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { difference, type RestoredPart, type ShownChange, type Version } from "../../../api/dataSets";
import { Choice } from "../../../parts/Choice";
import { CommandBar } from "../../../parts/CommandBar";
import { EmptyState } from "../../../parts/EmptyState";
import { Loaded } from "../../../parts/Loaded";
import { useSettled } from "../../../parts/useSettled";
import { ChangeTable } from "./ChangeTable";
import { placeOf } from "./items";
import type { VersionOf } from "./queries";

/** Changes that are asked for at first, and more each time. */
const AT_ONCE = 200;
/** The most that the console gives. */
const MOST = 1_000;
/** Instead of a number: the version that it was made from. */
const PREDECESSOR = "";

interface Props {
  readonly of: VersionOf;
  readonly versions: readonly Version[];
  /** Brings something back, from this version or the one before. */
  readonly onRestore: (number: number, part: RestoredPart) => void;
}

function partOf(change: ShownChange): RestoredPart {
  if (change.file != null) return { kind: "file", file: change.file };
  if (change.value != null) return { kind: "value", key: change.key ?? "", value: change.value };
  return { kind: "key", key: change.key ?? "", below: true };
}

/** What differs between a version and another one. */
export function DifferenceView({ of, versions, onRestore }: Props) {
  const [other, setOther] = useState(PREDECESSOR);
  const [search, setSearch] = useState("");
  const [limit, setLimit] = useState(AT_ONCE);
  const text = useSettled(search.trim());
  const query = useQuery({
    queryKey: ["data-set-content", of.set.sid, of.set.scope, of.number, "difference", other, text, limit],
    queryFn: () =>
      difference(of.set, of.number, {
        limit,
        ...(other === PREDECESSOR ? {} : { with: Number(other) }),
        ...(text === "" ? {} : { search: text }),
      }),
    staleTime: Infinity,
    retry: false,
  });
  const others = versions.filter(
    (version) => version.kept && !version.damaged && version.number !== of.number,
  );
  const options = others.map((version) => [String(version.number), `Version ${version.number}`] as const);
  return (
    <>
      <CommandBar label="Difference" search={{ text: search, onChange: setSearch, label: "Search changes" }}>
        <Choice
          beside
          label="Compare with"
          value={other}
          options={[[PREDECESSOR, "The version before"], ...options]}
          onChange={setOther}
        />
      </CommandBar>
      <Loaded query={query} what="what differs">
        {(data) => {
          if (data.total === 0) {
            return (
              <EmptyState title={text === "" ? "Nothing differs" : "No such change"}>
                {text === ""
                  ? "Both versions hold the same keys, values and files."
                  : "Places, texts and numbers are searched. Search for less."}
              </EmptyState>
            );
          }
          const former = data.former ?? null;
          return (
            <ChangeTable
              label="Changes"
              changes={data.changes}
              before={former === null ? "Before" : `Version ${former}`}
              after={`Version ${data.number}`}
              action={(change) =>
                former !== null && (
                  <Button
                    size="small"
                    icon={<ArrowUndoRegular />}
                    aria-label={`Undo ${placeOf(change)}`}
                    onClick={() => onRestore(former, partOf(change))}
                  >
                    Undo
                  </Button>
                )
              }
              footer={
                data.total > data.changes.length ? (
                  <>
                    <Text>
                      {data.changes.length.toLocaleString()} of {data.total.toLocaleString()}
                    </Text>
                    {limit < MOST && (
                      <Button size="small" onClick={() => setLimit(MOST)}>
                        Show more
                      </Button>
                    )}
                  </>
                ) : undefined
              }
            />
          );
        }}
      </Loaded>
    </>
  );
}
