import { useSyncExternalStore } from "react";

/** How the pages look: as the system does, or always the same. */
export type Appearance = "system" | "light" | "dark";

const KEY = "metaprofiles.appearance";
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function stored(): Appearance {
  const value = window.localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

function subscribe(callback: () => void): () => void {
  listeners.add(callback);
  dark.addEventListener("change", callback);
  return () => {
    listeners.delete(callback);
    dark.removeEventListener("change", callback);
  };
}

/** What the administrator chose in this browser. */
export function useAppearance(): Appearance {
  return useSyncExternalStore(subscribe, stored);
}

/** Whether the pages are dark now. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, () => {
    const appearance = stored();
    return appearance === "system" ? dark.matches : appearance === "dark";
  });
}

/** Keeps a choice in this browser. */
export function setAppearance(appearance: Appearance): void {
  window.localStorage.setItem(KEY, appearance);
  listeners.forEach((callback) => callback());
}
