import {
  Button,
  makeStyles,
  mergeClasses,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  tokens,
} from "@fluentui/react-components";
import { useState, type ReactNode } from "react";

import { useNarrow } from "../app/media";
import { next, sorted, type Sort } from "./sorting";

/** Rows shown before more are asked for. */
const AT_ONCE = 100;

const useStyles = makeStyles({
  frame: {
    overflowX: "auto",
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  chosen: { backgroundColor: tokens.colorNeutralBackground1Selected },
  cell: {
    wordBreak: "break-word",
    paddingTop: tokens.spacingVerticalS,
    paddingBottom: tokens.spacingVerticalS,
  },
  more: {
    display: "flex",
    alignItems: "center",
    columnGap: tokens.spacingHorizontalM,
    padding: tokens.spacingHorizontalM,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
});

/** A column of a table. */
export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  /** By what rows are sorted; columns without it cannot be. */
  readonly sort?: (row: T) => string | number;
  /** As CSS has it. */
  readonly width?: string;
  /** Left out in a narrow window. */
  readonly wideOnly?: boolean;
}

interface Props<T> {
  /** What the table shows, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly id: (row: T) => string;
  /** Identity of the row whose details are shown. */
  readonly chosen?: string | undefined;
  /** Stands below the rows. */
  readonly footer?: ReactNode;
}

/** A table that is sorted by its headings. */
export function DataTable<T>({ label, columns, rows, id, chosen, footer }: Props<T>) {
  const styles = useStyles();
  const narrow = useNarrow();
  const [sort, setSort] = useState<Sort | null>(null);
  const [limit, setLimit] = useState(AT_ONCE);
  const shown = columns.filter((column) => !(narrow && column.wideOnly === true));
  const by = shown.find((column) => column.title === sort?.title)?.sort;
  const ordered = by === undefined || sort === null ? rows : sorted(rows, by, sort.descending);
  return (
    // Wide tables scroll sideways, for which keyboards need something to stand on.
    <div className={styles.frame} role="region" aria-label={label} tabIndex={0}>
      <Table aria-label={label} size="medium" style={{ minWidth: `${shown.length * 110}px` }}>
        <TableHeader>
          <TableRow>
            {shown.map((column) => (
              <TableHeaderCell
                key={column.title}
                style={{ width: column.width }}
                sortable={column.sort !== undefined}
                sortDirection={
                  sort?.title === column.title ? (sort.descending ? "descending" : "ascending") : undefined
                }
                onClick={column.sort && (() => setSort(next(sort, column.title)))}
              >
                <Text weight="semibold">{column.title}</Text>
              </TableHeaderCell>
            ))}
          </TableRow>
        </TableHeader>
        <TableBody>
          {ordered.slice(0, limit).map((row) => (
            <TableRow
              key={id(row)}
              className={mergeClasses(id(row) === chosen && styles.chosen)}
              aria-current={id(row) === chosen ? true : undefined}
            >
              {shown.map((column) => (
                <TableCell key={column.title} className={styles.cell}>
                  {column.cell(row)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {ordered.length > limit && (
        <div className={styles.more}>
          <Text>
            {limit} of {ordered.length}
          </Text>
          <Button size="small" onClick={() => setLimit(limit + 10 * AT_ONCE)}>
            Show more
          </Button>
        </div>
      )}
      {footer !== undefined && <div className={styles.more}>{footer}</div>}
    </div>
  );
}
