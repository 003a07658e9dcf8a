import {
  Badge,
  makeStyles,
  mergeClasses,
  Spinner,
  Text,
  tokens,
  Tree,
  TreeItem,
  TreeItemLayout,
} from "@fluentui/react-components";
import { DeleteRegular, FolderRegular, KeyMultipleRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";

import { asProblem, sentence } from "../api/problem";

const useStyles = makeStyles({
  root: {
    overflow: "auto",
    padding: tokens.spacingHorizontalS,
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    maxHeight: "70vh",
    "@media (max-width: 899px)": { maxHeight: "40vh" },
  },
  chosen: { backgroundColor: tokens.colorNeutralBackground1Selected, fontWeight: tokens.fontWeightSemibold },
  gone: { textDecorationLine: "line-through", color: tokens.colorNeutralForeground3 },
});

/** A key or folder. */
export interface TreePlace {
  readonly kind: "key" | "folder";
  readonly path: string;
}

/** What is directly in a key or folder. */
export interface TreeLevel {
  readonly keys: readonly {
    readonly name: string;
    readonly path: string;
    readonly isLeaf: boolean;
    readonly isGone: boolean;
  }[];
  readonly folders: readonly { readonly name: string; readonly path: string }[];
  /** Whether there is more than is shown. */
  readonly more: boolean;
}

/** How something is asked for that never changes. */
export interface Asked<T> {
  readonly queryKey: readonly unknown[];
  readonly queryFn: () => Promise<T>;
  readonly staleTime: number;
  readonly retry: boolean;
  readonly refetchOnWindowFocus: boolean;
}

interface Props<T> {
  /** What is in a place; null for the top. */
  readonly ask: (place: TreePlace | null) => Asked<T>;
  readonly level: (answer: T) => TreeLevel;
  readonly chosen: TreePlace | null;
  readonly onChoose: (place: TreePlace) => void;
  /** A word about a place. */
  readonly mark?: (place: TreePlace) => string | undefined;
}

interface NodeProps<T> extends Props<T> {
  readonly place: TreePlace;
  readonly name: string;
  readonly isLeaf: boolean;
  readonly isGone: boolean;
}

/** Keys and folders; what is in one is asked for when it is opened. */
export function KeyTree<T>(props: Props<T>) {
  const styles = useStyles();
  return (
    <div className={styles.root}>
      <Tree aria-label="Keys and folders" size="small">
        <Below {...props} place={null} />
      </Tree>
    </div>
  );
}

/** What is in a key or folder, or at the top. */
function Below<T>({ place, ...props }: Props<T> & { readonly place: TreePlace | null }) {
  const query = useQuery(props.ask(place));
  if (query.isPending) {
    return <Leaf value={`${place?.path ?? ""} waits`} text="Loading" icon={<Spinner size="extra-tiny" />} />;
  }
  if (query.isError) {
    return <Leaf value={`${place?.path ?? ""} failed`} text={sentence(asProblem(query.error).message)} />;
  }
  const { keys, folders, more } = props.level(query.data);
  return (
    <>
      {keys.map((key) => (
        <Node key={`key ${key.path}`} {...props} {...key} place={{ kind: "key", path: key.path }} />
      ))}
      {folders.map((folder) => (
        <Node
          key={`folder ${folder.path}`}
          {...props}
          place={{ kind: "folder", path: folder.path }}
          name={folder.name}
          isLeaf={false}
          isGone={false}
        />
      ))}
      {more && <Leaf value={`${place?.path ?? ""} more`} text="There is more; search for it." />}
    </>
  );
}

function Node<T>({ place, name, isLeaf, isGone, ...props }: NodeProps<T>) {
  const styles = useStyles();
  const { chosen, onChoose } = props;
  const mark = props.mark?.(place);
  const isChosen = chosen?.kind === place.kind && chosen.path === place.path;
  const icon = isGone ? <DeleteRegular /> : place.kind === "key" ? <KeyMultipleRegular /> : <FolderRegular />;
  return (
    <TreeItem
      itemType={isLeaf ? "leaf" : "branch"}
      value={`${place.kind} ${place.path}`}
      aria-current={isChosen ? true : undefined}
      onClick={(event) => {
        // What is around this one is not chosen.
        event.stopPropagation();
        onChoose(place);
      }}
    >
      <TreeItemLayout
        iconBefore={icon}
        aside={
          mark === undefined ? undefined : (
            <Badge appearance="tint" color="informative">
              {mark}
            </Badge>
          )
        }
        className={mergeClasses(isChosen && styles.chosen, isGone && styles.gone)}
      >
        {name}
      </TreeItemLayout>
      {!isLeaf && (
        <Tree>
          <Below {...props} place={place} />
        </Tree>
      )}
    </TreeItem>
  );
}

function Leaf({
  value,
  text,
  icon,
}: {
  readonly value: string;
  readonly text: string;
  readonly icon?: ReactElement;
}) {
  return (
    <TreeItem itemType="leaf" value={value}>
      <TreeItemLayout iconBefore={icon}>
        <Text size={200}>{text}</Text>
      </TreeItemLayout>
    </TreeItem>
  );
}
