/// <reference types="vite/client" />

/** Version of the product. */
declare const __VERSION__: string;
