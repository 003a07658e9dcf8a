import { makeStyles, tokens, ToolbarButton } from "@fluentui/react-components";
import { ArrowClockwiseRegular, ArrowDownloadRegular, CopyRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";

import { exportConfiguration } from "../../api/configuration";
import { CommandBar } from "../../parts/CommandBar";
import { Loaded } from "../../parts/Loaded";

const useStyles = makeStyles({
  text: {
    margin: 0,
    padding: tokens.spacingHorizontalL,
    overflowX: "auto",
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase300,
    color: tokens.colorNeutralForeground1,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
  },
});

function download(text: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/toml" }));
  link.download = `metaprofiles-${new Date().toISOString().slice(0, 10)}.toml`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The configuration as it is. */
export function Export() {
  const styles = useStyles();
  const text = useQuery({ queryKey: ["configuration"], queryFn: exportConfiguration });
  const found = text.data?.item;
  return (
    <>
      <CommandBar label="Export">
        <ToolbarButton
          icon={<ArrowDownloadRegular />}
          disabled={found === undefined}
          onClick={() => download(found ?? "")}
        >
          Download
        </ToolbarButton>
        <ToolbarButton
          icon={<CopyRegular />}
          disabled={found === undefined}
          onClick={() => void navigator.clipboard.writeText(found ?? "")}
        >
          Copy
        </ToolbarButton>
        <ToolbarButton icon={<ArrowClockwiseRegular />} onClick={() => void text.refetch()}>
          Refresh
        </ToolbarButton>
      </CommandBar>
      <Loaded query={text} what="the configuration">
        {({ item }) => (
          <pre className={styles.text} tabIndex={0} role="region" aria-label="Configuration text">
            {item.trim() === "" ? "# Nothing is described yet." : item}
          </pre>
        )}
      </Loaded>
    </>
  );
}
