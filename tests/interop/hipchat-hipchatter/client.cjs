// An application that uses hipchatter. Its argument lists calls as [name, arguments] in JSON; a line is printed for
// what each of them gave.
const Hipchatter = require('hipchatter');

const asked = JSON.parse(process.argv[2]);
const client = new Hipchatter(asked.token, asked.endpoint === null ? undefined : `${asked.endpoint}/v2/`);

const calls = {
  // A room's own token may be given with the call.
  notify: ({ room, ...options }, told) => client.notify(room, { ...options, token: asked.token }, told),
  capabilities: (_, told) => client.capabilities(told),
};

const send = ([name, given]) =>
  new Promise((resolve) => {
    const told = (error, value) => {
      // An empty body is handed on as bytes.
      const returned = Buffer.isBuffer(value) ? value.toString() : value;
      console.log(JSON.stringify(error ? { raised: 'Error', text: error.message } : { returned }));
      resolve();
    };
    calls[name](given, told);
  });

asked.calls.reduce((before, call) => before.then(() => send(call)), Promise.resolve());
