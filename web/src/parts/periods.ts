/** How far one looks back. */
export type Period = "hour" | "day" | "week" | "month" | "all";

const HOUR = 3_600_000;
const LENGTHS: Record<Period, number | null> = {
  hour: HOUR,
  day: 24 * HOUR,
  week: 168 * HOUR,
  month: 720 * HOUR,
  all: null,
};

/** Periods and what a person reads. */
export const periods: readonly (readonly [Period, string])[] = [
  ["all", "At any time"],
  ["hour", "In the last hour"],
  ["day", "In the last day"],
  ["week", "In the last 7 days"],
  ["month", "In the last 30 days"],
];

/** Whether a text names a period. */
export function isPeriod(text: string | null): text is Period {
  return text !== null && text in LENGTHS;
}

/** Begin of a period that ends now, as the API wants it; nothing for all time. */
export function sinceOf(period: Period, now = Date.now()): { from?: string } {
  const length = LENGTHS[period];
  return length === null ? {} : { from: new Date(now - length).toISOString() };
}
