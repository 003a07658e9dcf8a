/** What is said of a secret that is there, or not. */
export const secretHint = (isKept: boolean) =>
  isKept ? "Kept as it is if empty; it is never shown" : "It is never shown";

/** The words of a text. */
export const words = (text: string) => text.split(/\s+/).filter((word) => word !== "");
