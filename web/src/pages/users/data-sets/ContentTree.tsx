import {
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

import { sentence, asProblem } from "../../../api/problem";
import { contentQuery, type VersionOf } from "./queries";

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

/** A key or folder of a version. */
export interface TreePlace {
  readonly kind: "key" | "folder";
  readonly path: string;
}

interface Props {
  readonly of: VersionOf;
  readonly chosen: TreePlace | null;
  readonly onChoose: (place: TreePlace) => void;
}

interface NodeProps extends Props {
  readonly place: TreePlace;
  readonly name: string;
  readonly isLeaf: boolean;
  readonly isGone: boolean;
}

/** The keys and folders of a version; what is in one is asked for when it is opened. */
export function ContentTree(props: Props) {
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
function Below({ place, ...props }: Props & { readonly place: TreePlace | null }) {
  const query = useQuery(contentQuery(props.of, place === null ? {} : { [place.kind]: place.path }));
  if (query.isPending) {
    return <Leaf value={`${place?.path ?? ""} waits`} text="Loading" icon={<Spinner size="extra-tiny" />} />;
  }
  if (query.isError) {
    return <Leaf value={`${place?.path ?? ""} failed`} text={sentence(asProblem(query.error).message)} />;
  }
  const { keys, folders } = query.data;
  return (
    <>
      {keys.map((key) => (
        <Node
          key={`key ${key.path}`}
          {...props}
          place={{ kind: "key", path: key.path }}
          name={key.name}
          isLeaf={key.keys === 0}
          isGone={key.item.state === "deleted"}
        />
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
      {query.data.more && <Leaf value={`${place?.path ?? ""} more`} text="There is more; search for it." />}
    </>
  );
}

function Node({ place, name, isLeaf, isGone, ...props }: NodeProps) {
  const styles = useStyles();
  const { chosen, onChoose } = props;
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
