import { Tab, TabList } from "@fluentui/react-components";
import { useSearchParams } from "react-router";

import { Page } from "../../parts/Page";
import { useMay } from "../../parts/useSession";
import { Export } from "./Export";
import { Import } from "./Import";

/** The whole configuration as one text. */
export default function ConfigurationPage() {
  const [params, setParams] = useSearchParams();
  const may = useMay()("configure");
  const tab = may && params.get("tab") === "import" ? "import" : "export";
  return (
    <Page
      title="Configuration"
      about="Storage Servers, groups and data subsets as one text that can be read, compared, kept and imported again. It holds no machines and no secrets."
    >
      <TabList
        aria-label="Configuration"
        selectedValue={tab}
        onTabSelect={(_, data) =>
          setParams(data.value === "import" ? { tab: "import" } : {}, { replace: true })
        }
      >
        <Tab value="export">Export</Tab>
        {may && <Tab value="import">Import</Tab>}
      </TabList>
      {tab === "export" ? <Export /> : <Import />}
    </Page>
  );
}
