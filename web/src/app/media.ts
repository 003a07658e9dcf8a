import { useSyncExternalStore } from "react";

const narrow = window.matchMedia("(max-width: 899px)");

/** Whether the window is too narrow for navigation beside the page. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (callback) => {
      narrow.addEventListener("change", callback);
      return () => narrow.removeEventListener("change", callback);
    },
    () => narrow.matches,
  );
}
