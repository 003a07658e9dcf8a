import type { Overview } from "../../api/activity";

/** A step from an empty farm to the first logon. */
export type StepName = "server" | "storage" | "group" | "subset" | "agent" | "logon";

/** Steps in their order, with what a person reads. */
export const steps: readonly (readonly [StepName, string])[] = [
  ["server", "Describe a Storage Server"],
  ["storage", "Let it join and start it"],
  ["group", "Create an Agent Server Group"],
  ["subset", "Choose what to keep"],
  ["agent", "Install the Agent on a session host"],
  ["logon", "Let a user log on and off"],
];

/** Whether each step is done. */
export function doneOf(farm: Overview): Record<StepName, boolean> {
  return {
    server: farm["storage-servers"] > 0,
    storage: farm["storage-machines"].active > 0,
    group: farm["agent-server-groups"] > 0,
    subset: farm["data-subsets"] > 0,
    agent: farm.agents.active > 0,
    logon: farm["any-session"],
  };
}

/** The first step that is not done; null when all are. */
export function nextOf(done: Record<StepName, boolean>): StepName | null {
  return steps.find(([name]) => !done[name])?.[0] ?? null;
}
