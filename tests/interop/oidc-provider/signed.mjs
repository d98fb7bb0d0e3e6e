// An authorization server made of oidc-provider whose access tokens are signed JWTs (RFC 9068) of client credentials.
//
// Reads one line of JSON, {"clients": [{"id", "secret", "scope"}], "lifetime": seconds, "algorithm": "RS256"}, and prints its
// base URL. On each further line it signs with a new key: "rotate" keeps the old ones published, "replace" does not. It prints
// "done" then, and ends when its standard input does.
import { generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

// Standard output has the URL and the words "done". The library's advice for real deployments goes elsewhere.
console.warn = console.info = (...words) => console.error(...words);

const installed = createRequire(`${process.env.NODE_MODULES_OF}/package.json`);
const { Provider } = await import(installed.resolve("oidc-provider"));

const resource = "https://api.example.com/";

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
    clients: clients.map(({ id, secret, scope }) => ({
      client_id: id,
      client_secret: secret,
      scope,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: algorithm,
    })),
    scopes: scope.split(" "),
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
  return made.callback();
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
  return (word) => {
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
