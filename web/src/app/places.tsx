import type { FluentIcon } from "@fluentui/react-icons";
import { BookOpenRegular, DatabaseRegular, HomeRegular, SettingsRegular } from "@fluentui/react-icons";
import { lazy, type ComponentType, type LazyExoticComponent } from "react";

/** A page that navigation leads to. */
export interface Place {
  readonly path: string;
  readonly title: string;
  readonly icon: FluentIcon;
  readonly page: LazyExoticComponent<ComponentType>;
}

/** Pages that belong together, under a heading if they have one. */
export interface Section {
  readonly title?: string;
  readonly places: readonly Place[];
}

/** All of navigation, in its order. */
export const sections: readonly Section[] = [
  {
    places: [
      {
        path: "/",
        title: "Overview",
        icon: HomeRegular,
        page: lazy(() => import("../pages/overview/OverviewPage")),
      },
    ],
  },
  {
    title: "Farm",
    places: [
      {
        path: "/storage-servers",
        title: "Storage Servers",
        icon: DatabaseRegular,
        page: lazy(() => import("../pages/storage-servers/StorageServersPage")),
      },
    ],
  },
  {
    title: "Console",
    places: [
      {
        path: "/codes",
        title: "Codes",
        icon: BookOpenRegular,
        page: lazy(() => import("../pages/codes/CodesPage")),
      },
      {
        path: "/settings",
        title: "Settings",
        icon: SettingsRegular,
        page: lazy(() => import("../pages/settings/SettingsPage")),
      },
    ],
  },
];

/** The place that an address belongs to. */
export function placeOf(path: string): Place | undefined {
  const places = sections.flatMap((section) => section.places);
  return places.find((place) =>
    place.path === "/" ? path === "/" : path === place.path || path.startsWith(`${place.path}/`),
  );
}
