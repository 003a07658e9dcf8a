import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const HERE = path.dirname(fileURLToPath(import.meta.url));
/** Folder of the programs, as cargo built them. */
const FOLDER = process.env.METAPROFILES_PROGRAMS ?? path.resolve(HERE, "../../target/debug");

type Environment = Record<string, string>;

const program = (name: string) => path.join(FOLDER, name);

/** Runs a program to its end, and gives what it printed. */
export async function run(name: string, args: readonly string[], env: Environment = {}): Promise<string> {
  const done = await promisify(execFile)(program(name), args, { env: { ...process.env, ...env } });
  return done.stdout;
}

/** Runs a command as the pages show it: its words hold no spaces. */
export async function runShown(command: string, env: Environment, ...more: string[]): Promise<string> {
  const [name = "", ...args] = command.split(" ");
  return run(name, [...args, ...more], env);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A program that goes on until it is stopped. */
export class Service {
  private constructor(
    private readonly child: ChildProcess,
    /** What it had printed when it was ready. */
    readonly greeting: string,
  ) {}

  /** Starts a program, and waits until it has printed something that matches. */
  static async start(
    name: string,
    args: readonly string[],
    env: Environment,
    ready: RegExp,
  ): Promise<Service> {
    const child = spawn(program(name), args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    await new Promise<void>((resolve, reject) => {
      const take = (bytes: Buffer) => {
        printed += bytes.toString();
        if (ready.test(printed)) resolve();
      };
      child.stdout.on("data", take);
      child.stderr.on("data", take);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${name} ended with ${String(code)}: ${printed}`)));
    });
    return new Service(child, printed);
  }

  /** Ends it, and waits until it has ended. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
  }
}
