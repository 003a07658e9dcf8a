import { useQuery } from "@tanstack/react-query";

import { currentSession, type CurrentSession, type Permission } from "../api/session";

/** Who is signed in. */
export function useSession(): CurrentSession | null {
  const session = useQuery({ queryKey: ["session"], queryFn: currentSession, staleTime: Infinity });
  return session.data ?? null;
}

/** Whether the console says that this session may do something. */
export function useMay(): (permission: Permission) => boolean {
  const session = useSession();
  return (permission) => session?.permissions.includes(permission) ?? false;
}

/** Why something is not to be done by whoever is signed in. */
export function useReason(): string {
  const session = useSession();
  return `Your role, ${session?.role ?? "none"}, may not do this. Ask an administrator of the console.`;
}
