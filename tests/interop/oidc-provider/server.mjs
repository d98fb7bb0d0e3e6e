// An authorization server made of oidc-provider: client credentials, introspection and revocation, opaque tokens.
//
// Reads one line of JSON, {"clients": [{"id", "secret", "scope"}], "lifetime": seconds}, prints its base URL and ends when
// its standard input does.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

// Standard output has one line: the URL. The library's advice for real deployments goes elsewhere.
console.warn = console.info = (...words) => console.error(...words);

const installed = createRequire(`${process.env.NODE_MODULES_OF}/package.json`);
const { Provider } = await import(installed.resolve("oidc-provider"));

async function start({ clients, lifetime }) {
  const server = createServer();
  await new Promise((bound) => server.listen(0, "127.0.0.1", bound));
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(url, {
    clients: clients.map(({ id, secret, scope }) => ({
      client_id: id,
      client_secret: secret,
      scope,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
    scopes: clients.flatMap(({ scope }) => scope.split(" ")),
    ttl: { ClientCredentials: lifetime },
    features: {
      clientCredentials: { enabled: true },
      // Every client may ask about every token, as a resource server does.
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      devInteractions: { enabled: false },
    },
  });
  provider.on("server_error", (_, error) => console.error(error));
  server.on("request", provider.callback());
  console.log(url);
}

const lines = createInterface({ input: process.stdin });
lines.once("line", (line) => start(JSON.parse(line)));
lines.once("close", () => process.exit());
