import createClient, { type Middleware } from "openapi-fetch";

import { asProblem, problemOf } from "./problem";
import type { components, paths } from "./schema.gen";

/** A type of the API by its name in the document. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** A thing and the tag of its state, which a change of it has to name. */
export interface Tagged<T> {
  readonly item: T;
  readonly etag: string;
}

/** One page of a list that can grow. */
export interface Paged<T> {
  readonly items: T[];
  /** What to ask for with `after` to get those that follow. */
  readonly next?: string | null;
}

const listeners = new Set<() => void>();

/** Calls back when the console says that nobody is signed in any more. Gives the way to stop that. */
export function onSessionOver(callback: () => void): () => void {
  listeners.add(callback);
  return () => listeners.delete(callback);
}

const SESSION_OVER = new Set(["MP-CON-001", "MP-CON-002"]);

const problems: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return undefined;
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    const problem = problemOf(body, response.status);
    if (SESSION_OVER.has(problem.code)) listeners.forEach((callback) => callback());
    throw problem;
  },
  onError({ error }) {
    throw asProblem(error);
  },
};

/** The console's REST API. Whatever is no success is thrown as a `ProblemError`. */
export const api = createClient<paths>({
  baseUrl: "/",
  credentials: "same-origin",
  // Without it the session's cookie does not count; no other site can send it.
  headers: { "X-MetaProfiles-Pages": "1" },
});
api.use(problems);

/** The body of an answer whose failures were thrown before. */
export function dataOf<T>(answer: { data?: T }): T {
  if (answer.data === undefined) throw problemOf(undefined, 200);
  return answer.data;
}

/** The body of an answer with its ETag. */
export function taggedOf<T>(answer: { data?: T; response: Response }): Tagged<T> {
  return { item: dataOf(answer), etag: answer.response.headers.get("etag") ?? "" };
}
