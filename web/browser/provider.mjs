/**
 * An OpenID Connect provider for tests, of the certified library: on a free port of the loopback interface, until standard input
 * ends. Arguments: the files of its key and certificate, and its host. It prints its issuer when it is ready, and takes one order on each line
 * of standard input (JSON), which it answers with a line.
 */
import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";

import Provider from "oidc-provider";

const [key, cert] = process.argv.slice(2, 4).map((path) => readFileSync(path));
const host = process.argv[4];

/** Who can sign in, by name. The password is nobody's concern here. */
const PEOPLE = {
  ada: { sub: "1815", preferred_username: "ada@example.test", groups: ["helpdesk", "all"] },
  bob: { sub: "1970", preferred_username: "bob@example.test", groups: ["others"] },
  // Calls himself as the console's own administrator is called.
  eve: { sub: "666", preferred_username: "admin", groups: ["helpdesk"] },
  // Another person who is called as Ada is.
  twin: { sub: "1852", preferred_username: "ada@example.test", groups: ["helpdesk"] },
};

/** What the orders change. */
const state = { returns: ["https://nowhere.test/"], inToken: true, ada: undefined, jwk: newKey() };
const cookieKeys = [randomBytes(32).toString("hex")];
let serve = (_request, response) => response.end();

function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

function claimsOf(sub) {
  const person = Object.values(PEOPLE).find((one) => one.sub === sub);
  return sub === PEOPLE.ada.sub && state.ada !== undefined ? { ...person, groups: state.ada } : person;
}

/** Makes the provider anew: it takes no orders itself. What it has stored outlives it. */
function renew(issuer) {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "console",
        client_secret: "secret of the console, for tests",
        redirect_uris: state.returns,
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    jwks: { keys: [state.jwk] },
    cookies: { keys: cookieKeys },
    scopes: ["openid", "profile", "email", "groups"],
    claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
    conformIdTokenClaims: !state.inToken,
    pkce: { methods: ["S256"], required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { IdToken: 300, AccessToken: 300, Interaction: 600, Session: 600, Grant: 600 },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => claimsOf(sub) }),
    // Whoever signs in agrees.
    async loadExistingGrant(ctx) {
      const { provider, client, session } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile email groups");
      await grant.save();
      return grant;
    },
  });
  const protocol = provider.callback();
  serve = (request, response) =>
    request.url.startsWith("/interaction/")
      ? interact(provider, request, response)
      : protocol(request, response);
}

const page = (
  uid,
) => `<!doctype html><html lang="en"><head><title>Provider</title></head><body><main><h1>Provider</h1>
<form method="post" action="/interaction/${uid}"><label>User <input name="user" autofocus></label>
<button name="do" value="enter">Enter</button><button name="do" value="cancel">Cancel</button></form></main></body></html>`;

/** Asks who somebody is. */
async function interact(provider, request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    response.setHeader("content-type", "text/html; charset=utf-8");
    return response.end(page(uid));
  }
  let body = "";
  for await (const bytes of request) body += bytes;
  const form = new URLSearchParams(body);
  const person = PEOPLE[form.get("user") ?? ""];
  const result =
    form.get("do") === "cancel" || person === undefined
      ? { error: "access_denied", error_description: "<b>nobody</b> was let in" }
      : { login: { accountId: person.sub } };
  return provider.interactionFinished(request, response, result);
}

const server = createServer({ key, cert }, (request, response) => {
  Promise.resolve(serve(request, response)).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
});
server.listen(0, "127.0.0.1", () => {
  const issuer = `https://${host}:${server.address().port}`;
  renew(issuer);
  process.stdout.write(`${issuer}\n`);
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      const { rotate = false, ...change } = JSON.parse(line);
      Object.assign(state, change, rotate ? { jwk: newKey() } : {});
      renew(issuer);
      process.stdout.write("done\n");
    })
    .on("close", () => process.exit(0));
});
