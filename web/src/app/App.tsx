import {
  createDOMRenderer,
  FluentProvider,
  RendererProvider,
  Toaster,
  webDarkTheme,
  webLightTheme,
} from "@fluentui/react-components";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useLayoutEffect } from "react";
import { BrowserRouter } from "react-router";

import { ProblemError } from "../api/problem";
import { TOASTER } from "../parts/toaster";
import { useDark } from "./preferences";
import { SignedIn } from "./SignedIn";

const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
const renderer = createDOMRenderer(document, nonce === "" ? {} : { styleElementAttributes: { nonce } });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the console refused it refuses again; only silence is worth another attempt.
      retry: (count, error) => count < 2 && !(error instanceof ProblemError && error.status !== 0),
    },
  },
});

/** All of it. */
export function App() {
  const dark = useDark();
  // The browser's own parts (scroll bars, the page before its first paint) follow what the administrator chose.
  useLayoutEffect(() => {
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }, [dark]);
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={dark ? webDarkTheme : webLightTheme}>
        <QueryClientProvider client={queries}>
          <BrowserRouter>
            <SignedIn />
          </BrowserRouter>
          <Toaster toasterId={TOASTER} position="bottom-end" />
        </QueryClientProvider>
      </FluentProvider>
    </RendererProvider>
  );
}
