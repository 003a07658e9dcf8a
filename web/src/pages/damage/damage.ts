import type { StorageDamage } from "../../api/damage";

/** Which part of a user's data is damaged. */
export function partOf(damage: StorageDamage): string {
  if (damage.part === "quarantined") return "a data set in quarantine";
  return damage.part === "current" ? `version ${damage.number}, current` : `version ${damage.number}, former`;
}

/** What the Storage Server did about it. */
export function remedyOf(damage: StorageDamage): string {
  switch (damage.remedy) {
    case "fell-back":
      return `fell back to version ${damage["fell-back-to"]}, now version ${damage["current-as"]}`;
    case "set-aside":
      return "is not given out any more";
    case "nothing-intact":
      return "nothing: no former version is intact";
    case "none":
      return "nothing";
  }
}

/** What an administrator does next. */
export function adviceOf(damage: StorageDamage): string {
  const disk = `Check the disk of ${damage["storage-server"]}.`;
  if (damage.part !== "current") return `${disk} The user's current settings are not touched.`;
  switch (damage.remedy) {
    case "fell-back":
      return `${disk} The user has older settings than at the last logoff; look at the versions, and restore another one if it is better.`;
    case "nothing-intact":
      return `${disk} Bring the file back from a backup; until then the user's sessions start without these settings.`;
    case "set-aside":
    case "none":
      return `${disk} The Storage Server falls back when the settings are asked for; “metaprofiles storage verify --repair” does so for all.`;
  }
}

const FINDERS: Record<StorageDamage["found"], string> = {
  use: "when it was asked for",
  look: "when the service looked at everything",
  verify: "by “metaprofiles storage verify”",
};

/** Who found it. */
export const finderOf = (damage: StorageDamage) => FINDERS[damage.found];

/** Whether the user misses settings. */
export const isGrave = (damage: StorageDamage) => damage.part === "current";
