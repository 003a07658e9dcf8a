import { Tooltip } from "@fluentui/react-components";
import { useEffect, useState } from "react";

import { agoOf, momentOf } from "./times";

/** How long ago something was; the moment itself on pointing at it. */
export function Ago({
  time,
  never = "Never",
}: {
  readonly time: string | null | undefined;
  readonly never?: string;
}) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 15_000);
    return () => window.clearInterval(timer);
  }, []);
  if (time == null) return <>{never}</>;
  return (
    <Tooltip content={momentOf(time)} relationship="description">
      <time dateTime={time}>{agoOf(time, Math.max(now, Date.now() - 15_000))}</time>
    </Tooltip>
  );
}
