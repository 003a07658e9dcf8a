import { content, type Content, type DataSetOf, type Place } from "../../../api/dataSets";
import type { Asked, TreeLevel, TreePlace } from "../../../parts/KeyTree";

/** A version of a data set. */
export interface VersionOf {
  readonly set: DataSetOf;
  readonly number: number;
}

/** What is at a place. A version never changes, and each look is noted, so nothing is asked for twice. */
export const contentQuery = ({ set, number }: VersionOf, place: Place): Asked<Content> => ({
  queryKey: ["data-set-content", set.sid, set.scope, number, place],
  queryFn: () => content(set, number, place),
  staleTime: Infinity,
  retry: false,
  refetchOnWindowFocus: false,
});

/** What is at a place of a tree. */
export const placeQuery = (of: VersionOf, place: TreePlace | null) =>
  contentQuery(of, place === null ? {} : { [place.kind]: place.path });

/** What a tree shows of it. */
export const levelOf = ({ keys, folders, more }: Content): TreeLevel => ({
  keys: keys.map((key) => ({
    name: key.name,
    path: key.path,
    isLeaf: key.keys === 0,
    isGone: key.item.state === "deleted",
  })),
  folders,
  more,
});
