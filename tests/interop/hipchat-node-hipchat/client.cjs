// An application that uses node-hipchat, a client of the first API. Its argument lists calls as [name, arguments] in
// JSON; a line is printed for what each of them gave. The client takes a host but no port: that comes with its agent.
const https = require('https');
const HipChat = require('node-hipchat');

const asked = JSON.parse(process.argv[2]);
const client = new HipChat(asked.token);
if (asked.endpoint !== null) {
  const { hostname, port } = new URL(asked.endpoint);
  client.host = hostname;
  client.agent = new https.Agent();
  client.agent.defaultPort = Number(port);
}

const send = ([name, params]) =>
  new Promise((resolve) => {
    const told = (value, error) => {
      const given = error === null ? { returned: value } : { raised: 'error', body: error };
      console.log(JSON.stringify({ ...given, limits: client.getRateLimits() }));
      resolve();
    };
    client[name](...(params === null ? [] : [params]), told);
  });

asked.calls.reduce((before, call) => before.then(() => send(call)), Promise.resolve());
