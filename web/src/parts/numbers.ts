/** What a number field holds, by its buttons or typed; undefined when that is no number. */
export function numberOf(data: { value?: number | null; displayValue?: string }): number | undefined {
  if (data.value != null) return data.value;
  const typed = Number.parseInt(data.displayValue ?? "", 10);
  return Number.isNaN(typed) ? undefined : typed;
}
