import { Link, type LinkProps } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useNavigate } from "react-router";

interface Props {
  readonly to: string;
  readonly children: ReactNode;
  readonly inline?: boolean;
  readonly appearance?: LinkProps["appearance"];
}

/** A link to another address of these pages. */
export function PageLink({ to, children, inline = false, appearance }: Props) {
  const navigate = useNavigate();
  return (
    <Link
      href={to}
      inline={inline}
      appearance={appearance}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        void navigate(to);
      }}
    >
      {children}
    </Link>
  );
}
