import {
  Avatar,
  Button,
  Hamburger,
  makeStyles,
  Menu,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Text,
  tokens,
} from "@fluentui/react-components";
import { KeyRegular, SignOutRegular } from "@fluentui/react-icons";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";

import { signOut } from "../api/session";
import icon from "./icon.svg";
import { setAppearance, useAppearance, type Appearance } from "./preferences";

const useStyles = makeStyles({
  bar: {
    height: "48px",
    flexShrink: 0,
    display: "flex",
    alignItems: "center",
    columnGap: tokens.spacingHorizontalM,
    paddingLeft: tokens.spacingHorizontalM,
    paddingRight: tokens.spacingHorizontalM,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  brand: {
    display: "flex",
    alignItems: "center",
    columnGap: tokens.spacingHorizontalS,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: "none",
  },
  product: { color: tokens.colorNeutralForeground3, "@media (max-width: 600px)": { display: "none" } },
  space: { flexGrow: 1 },
});

const APPEARANCES: readonly [Appearance, string][] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

interface Props {
  readonly name: string;
  readonly narrow: boolean;
  readonly onMenu: () => void;
  readonly onSignedOut: () => void;
}

/** The product's name, and what belongs to the administrator. */
export function TopBar({ name, narrow, onMenu, onSignedOut }: Props) {
  const styles = useStyles();
  const navigate = useNavigate();
  const appearance = useAppearance();
  // Whatever the console answers, this browser is done.
  const end = useMutation({ mutationFn: signOut, onSettled: onSignedOut });
  return (
    <header className={styles.bar}>
      {narrow && <Hamburger aria-label="Open navigation" onClick={onMenu} />}
      <Link to="/" className={styles.brand}>
        <img src={icon} alt="" width={24} height={24} />
        <Text weight="semibold">MetaProfiles</Text>
      </Link>
      <Text size={200} className={styles.product}>
        Provision Management Console
      </Text>
      <div className={styles.space} />
      <Menu
        checkedValues={{ appearance: [appearance] }}
        onCheckedValueChange={(_, data) => {
          const chosen = APPEARANCES.find(([value]) => value === data.checkedItems[0]);
          if (chosen !== undefined) setAppearance(chosen[0]);
        }}
      >
        <MenuTrigger disableButtonEnhancement>
          <Button
            appearance="subtle"
            aria-label={`Account of ${name}`}
            icon={<Avatar size={28} name={name} color="brand" aria-hidden />}
          />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuGroup>
              <MenuGroupHeader>Signed in as {name}</MenuGroupHeader>
              <MenuItem icon={<KeyRegular />} onClick={() => void navigate("/settings")}>
                My account
              </MenuItem>
              <MenuItem icon={<SignOutRegular />} onClick={() => end.mutate()}>
                Sign out
              </MenuItem>
            </MenuGroup>
            <MenuDivider />
            <MenuGroup>
              <MenuGroupHeader>Appearance</MenuGroupHeader>
              {APPEARANCES.map(([value, label]) => (
                <MenuItemRadio key={value} name="appearance" value={value}>
                  {label}
                </MenuItemRadio>
              ))}
            </MenuGroup>
          </MenuList>
        </MenuPopover>
      </Menu>
    </header>
  );
}
