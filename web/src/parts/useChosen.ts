import { useLocation, useNavigate } from "react-router";

/** The thing whose details are shown: the address says which, so that it can be linked to. */
export function useChosen(path: string): { name: string | undefined; close: () => void } {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const rest = pathname.slice(path.length + 1);
  return { name: rest === "" ? undefined : decodeURIComponent(rest), close: () => void navigate(path) };
}
