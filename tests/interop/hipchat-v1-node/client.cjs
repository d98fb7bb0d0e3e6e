// An application that uses two clients of the first API that know one host alone: winston-hipchat, which sends what is
// logged, and hipchat-api, which uses plain HTTP. Its argument lists calls as [name, arguments] in JSON; a line is
// printed for what each of them gave.
const { Hipchat } = require('winston-hipchat');
// The package names a main file that it does not have.
const HipChat = require('hipchat-api/lib/hipchat');

const asked = JSON.parse(process.argv[2]);

const calls = {
  log: ({ level, message, meta, ...options }, told) =>
    new Hipchat({ token: asked.token, ...options }).log(level, message, meta ?? {}, told),
  post: ({ room, from, message }, told) =>
    new HipChat({ key: asked.token, proxy: false }).postMessage(room, from, message, told),
};

const send = ([name, given]) =>
  new Promise((resolve) => {
    const told = (error, value) => {
      console.log(JSON.stringify(error ? { raised: 'Error', text: String(error.message ?? error) } : { returned: value ?? null }));
      resolve();
    };
    calls[name](given, told);
  });

asked.calls.reduce((before, call) => before.then(() => send(call)), Promise.resolve());
