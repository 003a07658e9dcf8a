import { useLocation } from "react-router";

import { SessionList } from "./SessionList";
import { SessionTimelinePage } from "./SessionTimelinePage";

/** Users' sessions; with an identity in the address, that one. */
export default function SessionsPage() {
  const id = useLocation().pathname.replace(/^\/sessions\/?/, "");
  return id === "" ? <SessionList /> : <SessionTimelinePage key={id} id={decodeURIComponent(id)} />;
}
