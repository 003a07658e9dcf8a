import type { Outcome, Overview } from "../../api/activity";
import { momentOf } from "../../parts/times";
import { spaceText } from "../storage-servers/space";
import { isGrave, partOf, remedyOf } from "../damage/damage";

/** Something that an administrator should look at. */
export interface Concern {
  readonly grave: boolean;
  readonly text: string;
  /** Where to look. */
  readonly to: string;
  readonly where: string;
}

const plural = (count: number, one: string, more: string) => (count === 1 ? `1 ${one}` : `${count} ${more}`);

const OUTCOMES: Partial<Record<Outcome, [grave: boolean, text: string]>> = {
  failed: [true, "failed"],
  "not-merged": [true, "went on without their settings"],
  quarantined: [true, "left settings that are kept beside the stored ones"],
  spooled: [false, "left settings that wait on their Agent Server"],
};

/** What needs attention in a farm, the graver things first. */
export function concernsOf(farm: Overview): Concern[] {
  const concerns: Concern[] = [];
  const add = (grave: boolean, count: number, text: string, to: string, where: string) => {
    if (count > 0) concerns.push({ grave, text, to, where });
  };
  const storage = farm["storage-machines"];
  const missing = farm["storage-servers"] - storage.active;
  add(
    true,
    storage.silent,
    `${plural(storage.silent, "Storage Server is", "Storage Servers are")} silent: settings wait on the Agent Servers`,
    "/storage-servers",
    "Storage Servers",
  );
  add(
    true,
    missing,
    `${plural(missing, "Storage Server has", "Storage Servers have")} no machine yet`,
    "/storage-servers",
    "Let it join",
  );
  for (const store of farm["storage-status"]) {
    const [name, near] = [store["storage-server"], store["near-quota"].length];
    const to = `/storage-servers/${encodeURIComponent(name)}`;
    add(
      true,
      store.problem == null ? 0 : 1,
      `${name} cannot use its store: ${store.problem}`,
      to,
      "Look at it",
    );
    const space = spaceText(store) ?? "nothing is known of it now";
    add(false, store.low ? 1 : 0, `${name} has little space: ${space}`, to, "What to do");
    const users = plural(near, "user takes", "users take");
    add(false, near, `${users} much of the quota on ${name}`, to, "Who");
  }
  const { count, newest } = farm["storage-damage"];
  for (const damage of newest) {
    const whose = `${damage.user ?? damage.sid} in ${damage.scope}`;
    const found = `found ${momentOf(damage["last-found"])} on ${damage["storage-server"]}`;
    const text = `Damaged settings of ${whose}: ${partOf(damage)}, ${found}; done: ${remedyOf(damage)}`;
    add(isGrave(damage), 1, text, `/damage/${damage.id}`, "What to do");
  }
  const more = count - newest.length;
  add(true, more, `${plural(more, "more damage", "more damages")} that nobody has seen`, "/damage", "Damage");
  for (const { outcome, sessions } of farm.outcomes) {
    const known = OUTCOMES[outcome];
    if (known === undefined) continue;
    const text = `${plural(sessions, "session", "sessions")} of the last day ${known[1]}`;
    add(known[0], sessions, text, `/sessions?outcome=${outcome}`, "Show them");
  }
  const agents = farm.agents;
  add(
    false,
    agents.silent,
    `${plural(agents.silent, "Agent is", "Agents are")} silent`,
    "/agents?sort=last-seen",
    "Agents",
  );
  add(
    false,
    agents["without-group"],
    `${plural(agents["without-group"], "Agent is", "Agents are")} in no group, and keep only what is global`,
    "/agents",
    "Agents",
  );
  return concerns.sort((left, right) => Number(right.grave) - Number(left.grave));
}
