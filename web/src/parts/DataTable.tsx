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
  row: { backgroundColor: tokens.colorNeutralBackground1 },
  chosen: { backgroundColor: tokens.colorBrandBackground2 },
  cell: {
    overflowWrap: "anywhere",
    paddingTop: tokens.spacingVerticalXS,
    paddingBottom: tokens.spacingVerticalXS,
  },
  // Says in a narrow window, in which the rest is scrolled, what the row is of.
  leading: { position: "sticky", left: 0, zIndex: 1, backgroundColor: "inherit" },
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
  /** What the console calls the order of this column, where it is the console that sorts. */
  readonly order?: string;
  /** As CSS has it. */
  readonly width?: string;
  /** Left out in a narrow window. */
  readonly wideOnly?: boolean;
}

/** The order that the console was asked for: a column's, with - before it the other way round. */
export interface Order {
  readonly order: string;
  readonly onChange: (order: string) => void;
}

interface Props<T> {
  /** What the table shows, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly id: (row: T) => string;
  /** Identity of the row whose details are shown. */
  readonly chosen?: string | undefined;
  readonly order?: Order;
  /** Stands below the rows. */
  readonly footer?: ReactNode;
}

/** A table that is sorted by its headings: by itself, or by the console. */
export function DataTable<T>({ label, columns, rows, id, chosen, order, footer }: Props<T>) {
  const styles = useStyles();
  const narrow = useNarrow();
  const [own, setOwn] = useState<Sort | null>(null);
  const [limit, setLimit] = useState(AT_ONCE);
  const shown = columns.filter((column) => !(narrow && column.wideOnly === true));
  const by = order === undefined ? shown.find((column) => column.title === own?.title)?.sort : undefined;
  const ordered = by === undefined || own === null ? rows : sorted(rows, by, own.descending);

  const headingOf = (column: Column<T>) => {
    const asked = column.order;
    if (order !== undefined && asked !== undefined) {
      const [ascending, descending] = [order.order === asked, order.order === `-${asked}`];
      const direction = ascending ? "ascending" : descending ? "descending" : undefined;
      return { direction, press: () => order.onChange(descending ? asked : `-${asked}`) } as const;
    }
    if (order !== undefined || column.sort === undefined) return undefined;
    const mine = own?.title === column.title ? own : undefined;
    const direction = mine === undefined ? undefined : mine.descending ? "descending" : "ascending";
    return { direction, press: () => setOwn(next(own, column.title)) } as const;
  };

  return (
    // Wide tables scroll sideways, for which keyboards need something to stand on.
    <div className={styles.frame} role="region" aria-label={label} tabIndex={0}>
      <Table
        aria-label={label}
        size="medium"
        style={{ minWidth: `${shown.length * (narrow ? 160 : 110)}px` }}
      >
        <TableHeader>
          <TableRow className={styles.row}>
            {shown.map((column, index) => {
              const heading = headingOf(column);
              return (
                <TableHeaderCell
                  key={column.title}
                  className={mergeClasses(narrow && index === 0 && styles.leading)}
                  style={{ width: narrow ? undefined : column.width }}
                  sortable={heading !== undefined}
                  sortDirection={heading?.direction}
                  onClick={heading?.press}
                >
                  <Text weight="semibold">{column.title}</Text>
                </TableHeaderCell>
              );
            })}
          </TableRow>
        </TableHeader>
        <TableBody>
          {(order === undefined ? ordered.slice(0, limit) : rows).map((row) => (
            <TableRow
              key={id(row)}
              className={mergeClasses(styles.row, id(row) === chosen && styles.chosen)}
              aria-current={id(row) === chosen ? true : undefined}
            >
              {shown.map((column, index) => (
                <TableCell
                  key={column.title}
                  className={mergeClasses(styles.cell, narrow && index === 0 && styles.leading)}
                >
                  {column.cell(row)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {order === undefined && ordered.length > limit && (
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
