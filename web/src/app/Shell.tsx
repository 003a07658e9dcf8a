import { makeStyles, Spinner, tokens } from "@fluentui/react-components";
import { Suspense, useState } from "react";
import { Route, Routes } from "react-router";

import { NothingHere } from "../pages/NothingHere";
import { NotForYou } from "../pages/NotForYou";
import { useMay } from "../parts/useSession";
import { useNarrow } from "./media";
import { Navigation } from "./Navigation";
import { sections } from "./places";
import { TopBar } from "./TopBar";

const useStyles = makeStyles({
  root: { height: "100%", display: "flex", flexDirection: "column" },
  below: { flexGrow: 1, minHeight: 0, display: "flex" },
  main: {
    flexGrow: 1,
    minWidth: 0,
    overflowY: "auto",
    backgroundColor: tokens.colorNeutralBackground2,
  },
});

interface Props {
  /** Name of the administrator. */
  readonly name: string;
  readonly onSignedOut: () => void;
}

/** What is around every page. */
export function Shell({ name, onSignedOut }: Props) {
  const styles = useStyles();
  const narrow = useNarrow();
  const [open, setOpen] = useState(false);
  const may = useMay();
  return (
    <div className={styles.root}>
      <TopBar name={name} narrow={narrow} onMenu={() => setOpen(true)} onSignedOut={onSignedOut} />
      <div className={styles.below}>
        <Navigation narrow={narrow} open={open} onOpenChange={setOpen} />
        <main className={styles.main}>
          <Suspense fallback={<Spinner style={{ marginTop: 48 }} label="Loading" />}>
            <Routes>
              {sections.flatMap((section) =>
                section.places.map((place) => (
                  <Route
                    key={place.path}
                    path={place.path === "/" ? "/" : `${place.path}/*`}
                    element={
                      place.needs === undefined || may(place.needs) ? (
                        <place.page />
                      ) : (
                        <NotForYou title={place.title} />
                      )
                    }
                  />
                )),
              )}
              <Route path="*" element={<NothingHere />} />
            </Routes>
          </Suspense>
        </main>
      </div>
    </div>
  );
}
