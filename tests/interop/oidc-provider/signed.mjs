// An authorization server made of oidc-provider whose access tokens are signed JWTs (RFC 9068) of client credentials.
//
// Reads one line of JSON, {"clients": [{"id", "secret", "scope"}], "lifetime": seconds, "algorithm": "RS256"}, and prints its
// base URL. On each further line it signs with a new key: "rotate" keeps the old ones published, "replace" does not. It prints
// "done" then, and ends when its standard input does. On the line "id-token" somebody logs in at the client "spa" by the
// authorization code flow, with the nonce "n", and the ID token is printed.
import { createHash, generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

// Standard output has the URL and the words "done". The library's advice for real deployments goes elsewhere.
console.warn = console.info = (...words) => console.error(...words);

const installed = createRequire(`${process.env.NODE_MODULES_OF}/package.json`);
const { Provider } = await import(installed.resolve("oidc-provider"));

const resource = "https://api.example.com/";
const spa = { id: "spa", secret: "spa-s3cret", callback: "https://spa.example.com/callback" };

function newKey(algorithm, number) {
  const kinds = {
    RS256: ["rsa", { modulusLength: 2048 }],
    PS256: ["rsa", { modulusLength: 2048 }],
    ES256: ["ec", { namedCurve: "P-256" }],
    ES384: ["ec", { namedCurve: "P-384" }],
    EdDSA: ["ed25519", {}],
  };
  const { privateKey } = generateKeyPairSync(...kinds[algorithm]);
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: algorithm, kid: `key-${number}` };
}

function provider(url, keys, { clients, lifetime, algorithm }) {
  const scope = clients.map((client) => client.scope).join(" ");
  const made = new Provider(url, {
    clients: [{
      client_id: spa.id,
      client_secret: spa.secret,
      redirect_uris: [spa.callback],
      id_token_signed_response_alg: algorithm,
    }, ...clients.map(({ id, secret, scope }) => ({
      client_id: id,
      client_secret: secret,
      scope,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: algorithm,
    }))],
    scopes: ["openid", ...scope.split(" ")],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    ttl: { ClientCredentials: lifetime },
    jwks: { keys },
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: () => ({
          scope,
          audience: resource,
          accessTokenFormat: "jwt",
          accessTokenTTL: lifetime,
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
  });
  made.on("server_error", (_, error) => console.error(error));
  const answer = made.callback();
  return (request, response) => {
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    agree(made, request, response).catch((error) => response.destroy(error));
  };
}

// Logs alice in, and agrees to what the client asks for.
async function agree(provider, request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: "alice" } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope("openid");
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

// The ID token of the authorization code flow, as a browser and its client get it.
async function idToken(url) {
  const verifier = "v".repeat(43);
  const wanted = new URLSearchParams({
    client_id: spa.id,
    response_type: "code",
    redirect_uri: spa.callback,
    scope: "openid",
    nonce: "n",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const cookies = new Map();
  let next = new URL(`/auth?${wanted}`, url);
  for (let steps = 0; !next.href.startsWith(spa.callback); steps += 1) {
    if (steps > 10) throw new Error("the flow does not end");
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(next, { redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (!location) throw new Error(`${response.status} ${await response.text()}`);
    next = new URL(location, url);
  }
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code: next.searchParams.get("code"),
    redirect_uri: spa.callback,
    code_verifier: verifier,
  });
  const authorization = `Basic ${Buffer.from(`${spa.id}:${spa.secret}`).toString("base64")}`;
  const response = await fetch(new URL("/token", url), { method: "POST", body, headers: { authorization } });
  const reply = await response.json();
  if (!reply.id_token) throw new Error(JSON.stringify(reply));
  return reply.id_token;
}

async function start(settings) {
  const server = createServer();
  await new Promise((bound) => server.listen(0, "127.0.0.1", bound));
  const url = `http://127.0.0.1:${server.address().port}`;
  let keys = [newKey(settings.algorithm, 1)];
  let number = 1;
  let answer = provider(url, keys, settings);
  server.on("request", (request, response) => answer(request, response));
  console.log(url);
  return async (word) => {
    if (word === "id-token") return console.log(await idToken(url));
    number += 1;
    keys = [newKey(settings.algorithm, number), ...(word === "rotate" ? keys : [])];
    answer = provider(url, keys, settings);
    console.log("done");
  };
}

const lines = createInterface({ input: process.stdin });
let change;
lines.on("line", async (line) => {
  if (change) change(line);
  else change = await start(JSON.parse(line));
});
lines.once("close", () => process.exit());
