import {
  Hamburger,
  makeStyles,
  NavDrawer,
  NavDrawerBody,
  NavDrawerHeader,
  NavItem,
  NavSectionHeader,
  tokens,
} from "@fluentui/react-components";
import { Fragment } from "react";
import { useLocation, useNavigate } from "react-router";

import { useMay } from "../parts/useSession";
import { placeOf, sections } from "./places";

const useStyles = makeStyles({
  drawer: { width: "240px", flexShrink: 0, height: "100%" },
  body: { paddingTop: tokens.spacingVerticalS },
});

interface Props {
  readonly narrow: boolean;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

/** The pages' navigation: beside the page, or over it in a narrow window. */
export function Navigation({ narrow, open, onOpenChange }: Props) {
  const styles = useStyles();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const may = useMay();
  return (
    <NavDrawer
      className={styles.drawer}
      type={narrow ? "overlay" : "inline"}
      open={!narrow || open}
      onOpenChange={(_, data) => onOpenChange(data.open)}
      selectedValue={placeOf(pathname)?.path ?? ""}
      density="small"
      aria-label="Pages"
      role="navigation"
      tabbable
    >
      {narrow && (
        <NavDrawerHeader>
          <Hamburger aria-label="Close navigation" onClick={() => onOpenChange(false)} />
        </NavDrawerHeader>
      )}
      <NavDrawerBody className={styles.body}>
        {sections.map((section) => (
          <Fragment key={section.title ?? ""}>
            {section.title !== undefined && <NavSectionHeader>{section.title}</NavSectionHeader>}
            {section.places
              .filter(({ needs }) => needs === undefined || may(needs))
              .map((place) => (
                <NavItem
                  key={place.path}
                  value={place.path}
                  href={place.path}
                  icon={<place.icon />}
                  onClick={(event) => {
                    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                    event.preventDefault();
                    onOpenChange(false);
                    void navigate(place.path);
                  }}
                >
                  {place.title}
                </NavItem>
              ))}
          </Fragment>
        ))}
      </NavDrawerBody>
    </NavDrawer>
  );
}
