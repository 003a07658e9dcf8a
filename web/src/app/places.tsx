import type { FluentIcon } from "@fluentui/react-icons";
import {
  ArrowSwapRegular,
  BookOpenRegular,
  BoxMultipleRegular,
  DatabaseRegular,
  DesktopRegular,
  GroupRegular,
  HistoryRegular,
  HomeRegular,
  KeyMultipleRegular,
  PeopleRegular,
  PersonKeyRegular,
  PersonRegular,
  PlugConnectedRegular,
  RocketRegular,
  SettingsRegular,
  ShieldErrorRegular,
  TimelineRegular,
} from "@fluentui/react-icons";
import { lazy, type ComponentType, type LazyExoticComponent } from "react";

import type { Permission } from "../api/session";

/** A page that navigation leads to. */
export interface Place {
  readonly path: string;
  readonly title: string;
  readonly icon: FluentIcon;
  readonly page: LazyExoticComponent<ComponentType>;
  /** What the console wants of whoever sees it; everybody may see it if missing. */
  readonly needs?: Permission;
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
      {
        path: "/set-up",
        title: "Set up the farm",
        icon: RocketRegular,
        needs: "configure",
        page: lazy(() => import("../pages/set-up/SetUpPage")),
      },
    ],
  },
  {
    title: "Activity",
    places: [
      {
        path: "/sessions",
        title: "Sessions",
        icon: TimelineRegular,
        page: lazy(() => import("../pages/sessions/SessionsPage")),
      },
      {
        path: "/users",
        title: "Users",
        icon: PersonRegular,
        page: lazy(() => import("../pages/users/UsersPage")),
      },
      {
        path: "/damage",
        title: "Damage",
        icon: ShieldErrorRegular,
        page: lazy(() => import("../pages/damage/DamagePage")),
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
      {
        path: "/groups",
        title: "Agent Server Groups",
        icon: GroupRegular,
        page: lazy(() => import("../pages/groups/GroupsPage")),
      },
      {
        path: "/agents",
        title: "Agents",
        icon: DesktopRegular,
        page: lazy(() => import("../pages/agents/AgentsPage")),
      },
      {
        path: "/data-subsets",
        title: "Data subsets",
        icon: BoxMultipleRegular,
        page: lazy(() => import("../pages/data-subsets/DataSubsetsPage")),
      },
    ],
  },
  {
    title: "Console",
    places: [
      {
        path: "/configuration",
        title: "Configuration",
        icon: ArrowSwapRegular,
        page: lazy(() => import("../pages/configuration/ConfigurationPage")),
      },
      {
        path: "/audit",
        title: "Audit",
        icon: HistoryRegular,
        needs: "audit",
        page: lazy(() => import("../pages/audit/AuditPage")),
      },
      {
        path: "/administrators",
        title: "Administrators",
        icon: PeopleRegular,
        needs: "audit",
        page: lazy(() => import("../pages/administrators/AdministratorsPage")),
      },
      {
        path: "/api-tokens",
        title: "API tokens",
        icon: KeyMultipleRegular,
        needs: "tokens",
        page: lazy(() => import("../pages/api-tokens/ApiTokensPage")),
      },
      {
        path: "/webhooks",
        title: "Webhooks",
        icon: PlugConnectedRegular,
        needs: "configure",
        page: lazy(() => import("../pages/webhooks/WebhooksPage")),
      },
      {
        path: "/signing-in",
        title: "Signing in",
        icon: PersonKeyRegular,
        needs: "audit",
        page: lazy(() => import("../pages/signing-in/SigningInPage")),
      },
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
