import type { DataSubset } from "../../api/farm";

const key = (path: string) => ({ key: path, action: "include" as const, recursive: true });
const folder = (name: string, path: string) => ({
  folder: name,
  path,
  action: "include" as const,
  recursive: true,
});

/** Data subsets that most farms want, to begin with. What must never travel is left out of all of them by itself. */
export const presets: readonly DataSubset[] = [
  {
    name: "Desktop and input",
    description: "Wallpaper, colours, mouse, keyboard, regional settings",
    applies: "global",
    registry: [key("Control Panel"), key("Keyboard Layout")],
  },
  {
    name: "Explorer",
    description: "How folders are shown, and what the user pinned",
    applies: "global",
    registry: [key("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer")],
    folders: [folder("Favorites", "")],
  },
  {
    name: "Microsoft Office",
    description: "Settings, signatures, templates and dictionaries",
    applies: "global",
    registry: [key("Software\\Microsoft\\Office")],
    folders: [
      folder("RoamingAppData", "Microsoft\\Signatures"),
      folder("RoamingAppData", "Microsoft\\Templates"),
      folder("RoamingAppData", "Microsoft\\UProof"),
    ],
  },
  {
    name: "Printers",
    description: "Connected printers and which is the default one",
    applies: "global",
    registry: [key("Printers"), key("Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows")],
  },
];
