import { ToolbarButton } from "@fluentui/react-components";
import { ArrowUndoRegular, KeyMultipleRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { RestoredPart } from "../../../api/dataSets";
import { CommandBar } from "../../../parts/CommandBar";
import { EmptyState } from "../../../parts/EmptyState";
import { KeyTree, type TreePlace } from "../../../parts/KeyTree";
import { Loaded } from "../../../parts/Loaded";
import { SplitView } from "../../../parts/SplitView";
import { useSettled } from "../../../parts/useSettled";
import { FoundView, PlaceView } from "./PlaceView";
import { contentQuery, levelOf, placeQuery, type VersionOf } from "./queries";

interface Props {
  readonly of: VersionOf;
  /** Null for the current version. */
  readonly onRestore: ((part: RestoredPart) => void) | null;
}

/** The keys, values, folders and files of a version. */
export function ContentBrowser({ of, onRestore }: Props) {
  const [place, setPlace] = useState<TreePlace | null>(null);
  const [search, setSearch] = useState("");
  const text = useSettled(search.trim());
  const top = useQuery(contentQuery(of, {}));
  return (
    <>
      <CommandBar
        label="Version"
        search={{ text: search, onChange: setSearch, label: "Search names, texts and numbers" }}
      >
        <ToolbarButton
          icon={<ArrowUndoRegular />}
          disabled={onRestore === null}
          onClick={() => onRestore?.({ kind: "everything" })}
        >
          Restore everything
        </ToolbarButton>
        <ToolbarButton
          icon={<ArrowUndoRegular />}
          disabled={onRestore === null}
          onClick={() => onRestore?.({ kind: "data-subset", name: "" })}
        >
          Restore a data subset
        </ToolbarButton>
      </CommandBar>
      {text !== "" && <FoundView of={of} text={text} onRestore={onRestore} />}
      {text === "" && (
        <Loaded query={top} what="what is in it">
          {(data) =>
            data.keys.length + data.folders.length + data.values.length === 0 ? (
              <EmptyState title="This version is empty">
                The user has changed nothing that the data subsets keep: all is as in the mandatory profile.
              </EmptyState>
            ) : (
              <SplitView>
                <KeyTree
                  ask={(at) => placeQuery(of, at)}
                  level={levelOf}
                  chosen={place}
                  onChoose={setPlace}
                />
                {place === null ? (
                  <EmptyState icon={KeyMultipleRegular} title="Choose a key or folder">
                    Its values or files are shown here as they were in this version. Each look is noted in the
                    audit log.
                  </EmptyState>
                ) : (
                  <PlaceView of={of} place={place} onRestore={onRestore} />
                )}
              </SplitView>
            )
          }
        </Loaded>
      )}
    </>
  );
}
