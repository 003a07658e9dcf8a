import { Card, makeStyles, Text, Title2, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

import { Centered } from "../parts/Centered";
import icon from "./icon.svg";

const useStyles = makeStyles({
  card: { width: "min(400px, 100%)", padding: tokens.spacingHorizontalXXL, rowGap: tokens.spacingVerticalL },
  brand: { display: "flex", alignItems: "center", columnGap: tokens.spacingHorizontalM },
});

/** What is around every form of the way in. */
export function SignInCard({ children }: { readonly children: ReactNode }) {
  const styles = useStyles();
  return (
    <Centered>
      <Card className={styles.card}>
        <div className={styles.brand}>
          <img src={icon} alt="" width={40} height={40} />
          <div>
            <Title2 as="h1" block>
              MetaProfiles
            </Title2>
            <Text block>Provision Management Console</Text>
          </div>
        </div>
        {children}
      </Card>
    </Centered>
  );
}
