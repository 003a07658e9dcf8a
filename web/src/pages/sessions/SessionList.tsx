import { ToolbarButton } from "@fluentui/react-components";
import { ArrowClockwiseRegular, TimelineRegular } from "@fluentui/react-icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";

import type { Outcome } from "../../api/activity";
import { Choice } from "../../parts/Choice";
import { CommandBar } from "../../parts/CommandBar";
import { EmptyState } from "../../parts/EmptyState";
import { outcomes } from "../../parts/OutcomeBadge";
import { Page } from "../../parts/Page";
import { PageLink } from "../../parts/PageLink";
import { isPeriod, periods, type Period } from "../../parts/periods";
import { useSettled } from "../../parts/useSettled";
import { SessionTable } from "./SessionTable";

const isOutcome = (text: string | null): text is Outcome => text !== null && text in outcomes;

/** Users' sessions on the Agent Servers. What is asked for is in the address, so that it can be passed on. */
export function SessionList() {
  const queries = useQueryClient();
  const [params, setParams] = useSearchParams();
  const [search, setSearch] = useState(params.get("search") ?? "");
  const settled = useSettled(search);
  const outcome = params.get("outcome");
  const asked = params.get("period");
  const period: Period = isPeriod(asked) ? asked : "all";
  const set = (name: string, value: string) => {
    const changed = new URLSearchParams(params);
    if (value === "all") changed.delete(name);
    else changed.set(name, value);
    setParams(changed, { replace: true });
  };
  const all = !isOutcome(outcome) && period === "all" && settled === "";
  return (
    <Page
      title="Sessions"
      about="What Agents reported of users' sessions: what was fetched, merged, skipped and overridden, how long it took, and why."
    >
      <CommandBar
        label="Sessions"
        search={{ text: search, onChange: setSearch, label: "Search user SID or Agent Server" }}
      >
        <ToolbarButton
          icon={<ArrowClockwiseRegular />}
          onClick={() => void queries.invalidateQueries({ queryKey: ["user-sessions"] })}
        >
          Refresh
        </ToolbarButton>
        <Choice
          beside
          label="Outcome"
          value={isOutcome(outcome) ? outcome : "all"}
          options={[
            ["all", "Any outcome"],
            ...Object.entries(outcomes).map(([value, { word }]) => [value, word] as const),
          ]}
          onChange={(value) => set("outcome", value)}
        />
        <Choice
          beside
          label="Begun"
          value={period}
          options={periods}
          onChange={(value) => set("period", value)}
        />
      </CommandBar>
      <SessionTable
        query={{
          ...(isOutcome(outcome) ? { outcome } : {}),
          ...(settled === "" ? {} : { search: settled }),
        }}
        period={period}
        empty={
          <EmptyState icon={TimelineRegular} title={all ? "No session yet" : "No such session"}>
            {all ? (
              <>
                Agents report each session when its work is done.{" "}
                <PageLink to="/set-up" inline>
                  See what is missing
                </PageLink>{" "}
                until the first one.
              </>
            ) : (
              "Choose another outcome or period, or search for less. A SID is found by any part of it."
            )}
          </EmptyState>
        }
      />
    </Page>
  );
}
