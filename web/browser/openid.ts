import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PROGRAM = path.join(path.dirname(fileURLToPath(import.meta.url)), "provider.mjs");
/** Not the console's `localhost`, so that browsers take it for another site. */
const HOST = "127.0.0.1";

/** A real OpenID Connect provider, see `provider.mjs`. */
export class OpenidProvider {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: Interface,
    readonly issuer: string,
    /** Its certificate, PEM. */
    readonly certificate: string,
  ) {}

  /** Starts one, with its files in a folder. */
  static async start(folder: string): Promise<OpenidProvider> {
    const [key, certificate] = [path.join(folder, "provider-key.pem"), path.join(folder, "provider.pem")];
    const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=provider";
    const parts = ["-addext", `subjectAltName=IP:${HOST}`, "-addext", "basicConstraints=critical,CA:false"];
    const files = ["-keyout", key, "-out", certificate];
    await promisify(execFile)("openssl", [...request.split(" "), ...parts, ...files]);
    const args = [PROGRAM, key, certificate, HOST];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] });
    const lines = createInterface({ input: child.stdout });
    const [issuer] = (await once(lines, "line")) as [string];
    return new OpenidProvider(child, lines, issuer, await readFile(certificate, "utf8"));
  }

  /** Lets it send people back to an address. */
  async allow(address: string): Promise<void> {
    const done = once(this.lines, "line");
    this.child.stdin?.write(`${JSON.stringify({ returns: [address] })}\n`);
    await done;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill();
    await ended;
  }
}
