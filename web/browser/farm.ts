import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { run, runShown, Service } from "./programs";

/** Password of the administrator `admin` of these farms, which live for a minute on loopback. */
export const PASSWORD = "small-farm-on-loopback";

/** A user of these farms. */
export const ADA = "S-1-5-21-3623811015-3361044348-30300820-1013";

const MANDATORY = `Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\\Control Panel\\Desktop]
"WallPaper"="C:\\\\Windows\\\\Web\\\\Wallpaper\\\\Windows\\\\img0.jpg"

[HKEY_CURRENT_USER\\Software\\Contoso]
"FirstRun"=dword:00000001
`;

const SAMPLE = `Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\\Software\\Contoso]
"Zoom"=dword:00000064
"Name"="Ada"

[HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Run]
"Updater"="C:\\\\updater.exe"
`;

/** A farm of the real programs: the console that serves the pages, and what joins it. */
export class Farm {
  private readonly services: Service[] = [];
  private hive: string | undefined;

  private constructor(
    readonly folder: string,
    readonly url: string,
    private readonly authority: string,
    console: Service,
  ) {
    this.services.push(console);
  }

  /** A console without anything, on a free port. */
  static async start(): Promise<Farm> {
    const folder = await mkdtemp(path.join(tmpdir(), "metaprofiles-browser-"));
    const env = {
      METAPROFILES_ADMIN_PASSWORD: PASSWORD,
      METAPROFILES_CONSOLE_STATE: path.join(folder, "console"),
    };
    const args = ["console", "--listen", "127.0.0.1:0"];
    const console = await Service.start("metaprofiles", args, env, /Authority {2}SHA-256 [0-9a-f]+\n/);
    const url = /https:\/\/localhost:\d+/.exec(console.greeting)?.[0] ?? "";
    const authority = /SHA-256 ([0-9a-f]+)\n/.exec(console.greeting)?.[1] ?? "";
    return new Farm(folder, url, authority, console);
  }

  /** Runs the commands that the pages show for a Storage Server. */
  async startStorage(join: string, start: string): Promise<void> {
    await this.joinStorage(join, "storage");
    await this.runStorage(start, "storage");
  }

  /** Runs the command by which a Storage Server joins, with a state folder of this name. */
  async joinStorage(join: string, name: string): Promise<void> {
    await runShown(join, { METAPROFILES_STORAGE_STATE: path.join(this.folder, name) });
  }

  /** Runs the command that starts it. */
  async runStorage(start: string, name: string): Promise<void> {
    const env = {
      METAPROFILES_STORAGE_STATE: path.join(this.folder, name),
      METAPROFILES_STORAGE_LISTEN: "127.0.0.1",
    };
    const [program = "", ...args] = start.split(" ");
    this.services.push(await Service.start(program, args, env, /storage service is ready/));
  }

  /** A simulated session host whose Agent joins by the command that the pages show. */
  async startHost(name: string, join: string): Promise<Host> {
    const host = new Host(this, name);
    await run("metaprofiles-agent", ["simulate", "mandatory", "--hive", await this.mandatory()], host.env);
    await runShown(join, host.env, "--name", name);
    return host;
  }

  /** Asks the API as `metaprofiles` does. */
  async ask(...args: string[]): Promise<string> {
    const session = { METAPROFILES_SESSION: path.join(this.folder, "session.json") };
    await run("metaprofiles", ["login"], {
      ...session,
      METAPROFILES_CONSOLE: this.url,
      METAPROFILES_AUTHORITY_SHA256: this.authority,
      METAPROFILES_PASSWORD: PASSWORD,
    });
    return run("metaprofiles", args, session);
  }

  /** A hive of a user, as an administrator has copied it. */
  async sampleHive(): Promise<string> {
    const text = path.join(this.folder, "sample.reg");
    const hive = path.join(this.folder, "NTUSER.DAT");
    await writeFile(text, SAMPLE);
    await run("metaprofiles", ["hive", "build", "-o", hive, text]);
    return hive;
  }

  /** Ends all programs and removes all files. */
  async stop(): Promise<void> {
    for (const service of this.services.reverse()) await service.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async mandatory(): Promise<string> {
    if (this.hive === undefined) {
      const text = path.join(this.folder, "mandatory.reg");
      await writeFile(text, MANDATORY);
      this.hive = path.join(this.folder, "mandatory.dat");
      await run("metaprofiles", ["hive", "build", "-o", this.hive, text]);
    }
    return this.hive;
  }
}

/** A simulated session host with its Agent. */
export class Host {
  readonly env: Record<string, string>;
  private readonly place: string;

  constructor(farm: Farm, name: string) {
    this.place = path.join(farm.folder, name);
    this.env = {
      METAPROFILES_SIMULATED_HOST: this.place,
      METAPROFILES_AGENT_STATE: path.join(farm.folder, `${name}-agent`),
    };
  }

  /** A user logs on. */
  async logon(sid: string, user: string): Promise<void> {
    await this.agent("simulate", "logon", "--sid", sid, "--user", user);
    await this.agent("logon", "--sid", sid);
  }

  /** A user logs on, and the Agent hears nothing of it. */
  async logonUnheard(sid: string, user: string): Promise<void> {
    await this.agent("simulate", "logon", "--sid", sid, "--user", user);
  }

  /** He changes a setting of a program and leaves a file. */
  async change(user: string, key: string, value: string): Promise<void> {
    const profile = path.join(this.place, "Users", user);
    const text = path.join(this.place, `${user}.reg`);
    const head = "Windows Registry Editor Version 5.00\n\n";
    await writeFile(text, `${head}[HKEY_CURRENT_USER\\${key}]\n${value}\n`);
    const hive = path.join(profile, "NTUSER.MAN");
    await run("metaprofiles", ["hive", "apply", "-o", hive, "--force", hive, text]);
    const folder = path.join(profile, "AppData/Roaming/Contoso");
    await mkdir(folder, { recursive: true });
    await appendFile(path.join(folder, "settings.json"), "{}\n");
  }

  /** The texts in his registry, by key and name. */
  async registry(user: string): Promise<string[]> {
    const hive = path.join(this.place, "Users", user, "NTUSER.MAN");
    const lines = (await run("metaprofiles", ["hive", "dump", hive])).trim().split("\n");
    const values = lines.map((line) => JSON.parse(line) as { path: string; name?: string; data?: string });
    return values.flatMap(({ path: key, name, data }) =>
      name === undefined || data === undefined
        ? []
        : [`${key}: ${name} = ${Buffer.from(data, "hex").toString("utf16le").replace(/\0$/, "")}`],
    );
  }

  /** He logs off. */
  async logoff(sid: string): Promise<void> {
    await this.agent("logoff", "--sid", sid);
    await this.agent("simulate", "logoff", "--sid", sid);
  }

  /** He logs off after a session that was not heard of: the Agent fails to replace what is stored, and says so. */
  async logoffUnheard(sid: string): Promise<void> {
    const told = await this.agent("logoff", "--sid", sid).catch((error: unknown) => String(error));
    if (!told.includes("Command failed")) throw new Error(`the Agent has replaced what is stored: ${told}`);
    await this.agent("simulate", "logoff", "--sid", sid);
  }

  /** The Agent tells the console what it did. */
  async report(): Promise<void> {
    await this.agent("reports", "--send");
  }

  private async agent(...args: string[]): Promise<string> {
    return run("metaprofiles-agent", args, this.env);
  }
}
