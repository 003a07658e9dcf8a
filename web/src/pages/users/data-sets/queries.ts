import { queryOptions } from "@tanstack/react-query";

import { content, type DataSetOf, type Place } from "../../../api/dataSets";

/** A version of a data set. */
export interface VersionOf {
  readonly set: DataSetOf;
  readonly number: number;
}

/** What is at a place. A version never changes, and each look is noted, so nothing is asked for twice. */
export const contentQuery = ({ set, number }: VersionOf, place: Place) =>
  queryOptions({
    queryKey: ["data-set-content", set.sid, set.scope, number, place],
    queryFn: () => content(set, number, place),
    staleTime: Infinity,
    retry: false,
    refetchOnWindowFocus: false,
  });
