import {
  Badge,
  Button,
  makeStyles,
  Subtitle2,
  Text,
  tokens,
  ToolbarButton,
} from "@fluentui/react-components";
import { ArrowDownloadRegular, ArrowUndoRegular } from "@fluentui/react-icons";
import { useMutation, useQuery } from "@tanstack/react-query";

import { fileOf, type Content, type FoundItem, type RestoredPart } from "../../../api/dataSets";
import { CommandBar } from "../../../parts/CommandBar";
import { DataTable, type Column } from "../../../parts/DataTable";
import { EmptyState } from "../../../parts/EmptyState";
import { Loaded } from "../../../parts/Loaded";
import { ProblemBar } from "../../../parts/ProblemBar";
import { bytesOf, momentOf } from "../../../parts/times";
import type { TreePlace } from "../../../parts/KeyTree";
import { Held } from "./Held";
import { keyName, placeOf, valueName } from "./items";
import { contentQuery, type VersionOf } from "./queries";

const useStyles = makeStyles({
  root: { display: "flex", flexDirection: "column", rowGap: tokens.spacingVerticalM, minWidth: 0 },
  head: { overflowWrap: "anywhere" },
  commands: { display: "flex", columnGap: tokens.spacingHorizontalXS, flexWrap: "wrap" },
});

type Value = Content["values"][number];
type File = Content["files"][number];

interface Props {
  readonly of: VersionOf;
  /** Null where there is nothing to restore, since it is current. */
  readonly onRestore: ((part: RestoredPart) => void) | null;
}

/** The columns, without the one of commands where there are none. */
function usable<T>(columns: readonly Column<T>[], onRestore: Props["onRestore"]): readonly Column<T>[] {
  return onRestore === null ? columns.filter((column) => column.title !== "") : columns;
}

function Restore({
  part,
  onRestore,
  name,
}: { readonly part: RestoredPart; readonly name: string } & Pick<Props, "onRestore">) {
  if (onRestore === null) return null;
  return (
    <Button
      size="small"
      icon={<ArrowUndoRegular />}
      aria-label={`Restore ${name}`}
      onClick={() => onRestore(part)}
    >
      Restore
    </Button>
  );
}

/** The values of a key, or the files of a folder. */
export function PlaceView({ of, place, onRestore }: Props & { readonly place: TreePlace }) {
  const styles = useStyles();
  const query = useQuery(contentQuery(of, { [place.kind]: place.path }));
  const isKey = place.kind === "key";
  const whole: RestoredPart = isKey
    ? { kind: "key", key: place.path, below: true }
    : { kind: "folder", folder: place.path };
  return (
    <div className={styles.root}>
      <Subtitle2 as="h2" className={styles.head}>
        {isKey ? keyName(place.path) : place.path}
      </Subtitle2>
      {onRestore !== null && (
        <CommandBar label={isKey ? "Key" : "Folder"}>
          <ToolbarButton icon={<ArrowUndoRegular />} onClick={() => onRestore(whole)}>
            {isKey ? "Restore this key" : "Restore this folder"}
          </ToolbarButton>
        </CommandBar>
      )}
      <Loaded query={query} what={isKey ? "the key" : "the folder"}>
        {(data) => (
          <>
            {data.key?.state === "deleted" && <Text>The user deleted this key with all that was in it.</Text>}
            {data.key?.state === "made-anew" && (
              <Text>The user deleted this key and made it anew: what is not listed here is not there.</Text>
            )}
            {isKey ? (
              <Values path={place.path} values={data.values} onRestore={onRestore} />
            ) : (
              <Files of={of} files={data.files} onRestore={onRestore} />
            )}
            {data.more && <Text>There is more than is shown here; search for it.</Text>}
          </>
        )}
      </Loaded>
    </div>
  );
}

function Values({
  path,
  values,
  onRestore,
}: { readonly path: string; readonly values: readonly Value[] } & Pick<Props, "onRestore">) {
  if (values.length === 0) {
    return (
      <EmptyState title="No values">
        This version says nothing of the values of this key: they are as in the mandatory profile.
      </EmptyState>
    );
  }
  const columns: Column<Value>[] = [
    { title: "Name", cell: (value) => valueName(value.name), sort: (value) => value.name.toLowerCase() },
    {
      title: "Type",
      width: "150px",
      wideOnly: true,
      cell: (value) => value.item.type ?? "–",
      sort: (value) => value.item.type ?? "",
    },
    { title: "Data", cell: (value) => <Held item={value.item} /> },
    {
      title: "",
      width: "120px",
      cell: (value) => (
        <Restore
          part={{ kind: "value", key: path, value: value.name }}
          name={valueName(value.name)}
          onRestore={onRestore}
        />
      ),
    },
  ];
  return (
    <DataTable label="Values" columns={usable(columns, onRestore)} rows={values} id={(value) => value.name} />
  );
}

function download(name: string, bytes: Blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(bytes);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Files({ of, files, onRestore }: Props & { readonly files: readonly File[] }) {
  const styles = useStyles();
  const load = useMutation({
    mutationFn: async (file: File) => download(file.name, await fileOf(of.set, of.number, file.path)),
  });
  if (files.length === 0) {
    return <EmptyState title="No files">All files are in the folders below this one.</EmptyState>;
  }
  const columns: Column<File>[] = [
    { title: "Name", cell: (file) => file.name, sort: (file) => file.name.toLowerCase() },
    {
      title: "Size",
      width: "160px",
      cell: (file) =>
        file.item.state === "deleted" ? <Held item={file.item} /> : bytesOf(file.item.bytes ?? 0),
      sort: (file) => file.item.bytes ?? 0,
    },
    {
      title: "Changed",
      width: "190px",
      wideOnly: true,
      cell: (file) => (file.item.modified == null ? "–" : momentOf(file.item.modified)),
    },
    { title: "Attributes", width: "130px", wideOnly: true, cell: (file) => file.item.attributes.join(", ") },
    {
      title: "",
      width: "170px",
      cell: (file) => (
        <div className={styles.commands}>
          <Restore part={{ kind: "file", file: file.path }} name={file.name} onRestore={onRestore} />
          {file.item.state === "set" && (
            <Button
              size="small"
              icon={<ArrowDownloadRegular />}
              aria-label={`Download ${file.name}`}
              disabled={load.isPending}
              onClick={() => load.mutate(file)}
            />
          )}
        </div>
      ),
    },
  ];
  return (
    <>
      <ProblemBar error={load.error} title="Not downloaded" />
      <DataTable label="Files" columns={columns} rows={files} id={(file) => file.path} />
    </>
  );
}

function partOf(found: FoundItem): RestoredPart {
  if (found.file != null) return { kind: "file", file: found.file };
  if (found.value != null) return { kind: "value", key: found.key ?? "", value: found.value };
  return { kind: "key", key: found.key ?? "", below: true };
}

/** All that holds a text. */
export function FoundView({ of, text, onRestore }: Props & { readonly text: string }) {
  const query = useQuery(contentQuery(of, { search: text }));
  const columns: Column<FoundItem>[] = [
    {
      title: "What",
      width: "90px",
      cell: (found) => (
        <Badge appearance="tint" color="informative">
          {found.sort}
        </Badge>
      ),
      sort: (found) => found.sort,
    },
    { title: "Where", cell: placeOf, sort: placeOf },
    { title: "Content", cell: (found) => <Held item={found.item} /> },
    {
      title: "",
      width: "120px",
      cell: (found) => <Restore part={partOf(found)} name={placeOf(found)} onRestore={onRestore} />,
    },
  ];
  return (
    <Loaded query={query} what="what was found">
      {(data) =>
        data.found.length === 0 ? (
          <EmptyState title="Nothing found">
            Names of keys, values and files are searched, and texts and numbers in values. Search for less.
          </EmptyState>
        ) : (
          <>
            <DataTable
              label="Found"
              columns={usable(columns, onRestore)}
              rows={data.found}
              id={(found) => `${found.sort} ${placeOf(found)}`}
            />
            {data.more && <Text>There is more; search for more of the name.</Text>}
          </>
        )
      }
    </Loaded>
  );
}
