/** Why the console did not do what it was asked: what happened and what to do next, under a stable code. */
export class ProblemError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status: number) {
    super(message);
    this.name = "ProblemError";
    this.code = code;
    this.status = status;
  }
}

/** Code of what the pages find out by themselves: the console does not answer. */
export const NO_ANSWER = "MP-WEB-001";
/** Code of an answer that is not the console's. */
export const NOT_THE_CONSOLE = "MP-WEB-002";

function textOf(value: unknown, name: string): string | undefined {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** Reads the body of an answer that is no success. */
export function problemOf(body: unknown, status: number): ProblemError {
  const code = textOf(body, "code");
  const message = textOf(body, "detail") ?? textOf(body, "message") ?? textOf(body, "title");
  if (code === undefined || message === undefined) {
    const text = `the answer with status ${status} is not the console's; look at what lies between this browser and it`;
    return new ProblemError(NOT_THE_CONSOLE, text, status);
  }
  return new ProblemError(code, message, status);
}

/** Makes a problem of whatever was thrown. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ProblemError(
    NO_ANSWER,
    `the console does not answer (${reason}); check that it runs and that this machine reaches it, then try again`,
    0,
  );
}

/** Whether a change was refused because somebody else was faster. */
export function isStale(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 412;
}

/** First letter large and a full stop, for what a person reads: the console's texts compose, so they have neither. */
export function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
