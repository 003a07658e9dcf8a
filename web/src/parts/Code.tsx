import { Link } from "@fluentui/react-components";

/** A stable code, linked to what it means and what to do about it. */
export function Code({ code }: { readonly code: string }) {
  return (
    <Link href={`/codes/${code}`} target="_blank" inline>
      {code}
    </Link>
  );
}
