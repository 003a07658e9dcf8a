const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const clockWithSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** Date and time, in this browser's language and zone. */
export const momentOf = (time: string) => moment.format(new Date(time));
/** The date alone. */
export const dayOf = (time: string) => day.format(new Date(time));
/** The time of day, without seconds. */
export const clockOf = (time: string) => clock.format(new Date(time));
/** The time of day. */
export const secondOf = (time: string) => clockWithSeconds.format(new Date(time));

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How long ago something was, or how long until then. */
export function agoOf(time: string, now: number): string {
  const seconds = Math.round((new Date(time).getTime() - now) / 1_000);
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  if (step === undefined) return Math.abs(seconds) < 10 ? "now" : relative.format(seconds, "second");
  return relative.format(Math.trunc(seconds / step[1]), step[0]);
}

/** A length of time of which milliseconds are known. */
export function lengthOf(milliseconds: number): string {
  if (milliseconds < 10) return `${(Math.round(milliseconds * 10) / 10).toLocaleString()} ms`;
  if (milliseconds < 1_000) return `${Math.round(milliseconds).toLocaleString()} ms`;
  if (milliseconds < 60_000) return `${(Math.round(milliseconds / 100) / 10).toLocaleString()} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1_000)} s`;
}

/** A number of bytes. */
export function bytesOf(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < units.length - 1) [value, unit] = [value / 1_024, unit + 1];
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(undefined, { maximumFractionDigits: digits })} ${units[unit] ?? ""}`;
}
