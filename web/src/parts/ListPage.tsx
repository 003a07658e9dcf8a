import { ToolbarButton } from "@fluentui/react-components";
import { ArrowClockwiseRegular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import type { Paged } from "../api/client";
import { CommandBar } from "./CommandBar";
import type { Column } from "./DataTable";
import { Page } from "./Page";
import { PagedTable } from "./PagedTable";
import { useSettled } from "./useSettled";

/** What is asked for of a list. */
export interface Asked {
  readonly sort: string;
  readonly search?: string;
  readonly after?: string;
}

interface Props<T> {
  readonly title: string;
  readonly about: string;
  /** What the table shows, for screen readers; the title if missing. */
  readonly label?: string;
  /** What the search is for. */
  readonly search: string;
  /** Under which the answers are kept; all that is asked for beside search and order has to be in it. */
  readonly queryKey: readonly [string, ...unknown[]];
  readonly load: (asked: Asked) => Promise<Paged<T>>;
  readonly columns: readonly Column<T>[];
  readonly id: (row: T) => string;
  readonly chosen?: string | undefined;
  /** The order that it begins with. */
  readonly order: string;
  /** Buttons for what can be done. */
  readonly commands?: ReactNode;
  /** Lists by which less is shown. */
  readonly choices?: ReactNode;
  /** What is shown when there is no row; `searched` when that may be because of the search. */
  readonly empty: (searched: boolean) => ReactNode;
  /** What follows the table: panels and dialogs. */
  readonly children?: ReactNode;
}

/** The page of a list that can grow: searched, sorted and given page after page by the console. */
export function ListPage<T>(props: Props<T>) {
  const { title, about, label = title, queryKey, load, columns, id, chosen, commands, choices } = props;
  const queries = useQueryClient();
  const [search, setSearch] = useState("");
  const [order, setOrder] = useState(props.order);
  const settled = useSettled(search.trim());
  return (
    <Page title={title} about={about}>
      <CommandBar label={title} search={{ text: search, onChange: setSearch, label: props.search }}>
        {commands}
        <ToolbarButton
          icon={<ArrowClockwiseRegular />}
          onClick={() => void queries.invalidateQueries({ queryKey: [queryKey[0]] })}
        >
          Refresh
        </ToolbarButton>
        {choices}
      </CommandBar>
      <PagedTable
        label={label}
        queryKey={[...queryKey, settled, order]}
        load={(after) =>
          load({
            sort: order,
            ...(settled === "" ? {} : { search: settled }),
            ...(after === undefined ? {} : { after }),
          })
        }
        columns={columns}
        id={id}
        chosen={chosen}
        order={{ order, onChange: setOrder }}
        empty={props.empty(settled !== "")}
      />
      {props.children}
    </Page>
  );
}
