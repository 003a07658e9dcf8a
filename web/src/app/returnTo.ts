/** Where one was before one left for the provider; kept for as long as the tab is open. */
const KEY = "metaprofiles.return-to";

/** Notes where one is. */
export function rememberPlace(): void {
  const place = window.location.pathname + window.location.search;
  if (isPlace(place)) sessionStorage.setItem(KEY, place);
}

/** Where one was, once. An address within these pages, whatever is stored. */
export function takePlace(): string {
  const place = sessionStorage.getItem(KEY) ?? "/";
  sessionStorage.removeItem(KEY);
  return isPlace(place) ? place : "/";
}

/** Whether a text leads nowhere but into these pages, and not back to the provider's answer. */
export const isPlace = (text: string) => /^\/(?![/\\])/.test(text) && !text.startsWith("/sign-in/");
