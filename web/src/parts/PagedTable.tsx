import { Button, Spinner } from "@fluentui/react-components";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Paged } from "../api/client";
import { DataTable, type Column, type Order } from "./DataTable";
import { ProblemBar } from "./ProblemBar";

interface Props<T> {
  readonly label: string;
  /** Under which the answers are kept; all that is asked for has to be in it. */
  readonly queryKey: readonly unknown[];
  readonly load: (after: string | undefined) => Promise<Paged<T>>;
  readonly columns: readonly Column<T>[];
  readonly id: (row: T) => string;
  readonly order: Order;
  readonly chosen?: string | undefined;
  /** What is shown when there is no row. */
  readonly empty: ReactNode;
}

/** A table of a list that can grow: the console searches, sorts and gives page after page. */
export function PagedTable<T>({ label, queryKey, load, columns, id, order, chosen, empty }: Props<T>) {
  const pages = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => load(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const again = (
    <Button size="small" onClick={() => void pages.refetch()}>
      Try again
    </Button>
  );
  return (
    <>
      {pages.isError && <ProblemBar error={pages.error} title={`Cannot load ${label}`} actions={again} />}
      {pages.isPending && <Spinner label={`Loading ${label}`} />}
      {pages.data !== undefined && rows.length === 0 && empty}
      {rows.length > 0 && (
        <DataTable
          label={label}
          columns={columns}
          rows={rows}
          id={id}
          order={order}
          chosen={chosen}
          footer={
            pages.hasNextPage ? (
              <Button
                size="small"
                disabled={pages.isFetchingNextPage}
                onClick={() => void pages.fetchNextPage()}
              >
                Show more
              </Button>
            ) : undefined
          }
        />
      )}
    </>
  );
}
