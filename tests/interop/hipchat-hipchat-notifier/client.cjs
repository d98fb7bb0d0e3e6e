// An application that uses hipchat-notifier. Its argument lists calls as [name, arguments] in JSON; a line is printed
// for what each of them gave.
const notifier = require('hipchat-notifier');

const asked = JSON.parse(process.argv[2]);
const host = asked.endpoint === null ? undefined : new URL(asked.endpoint).host;

const send = ([name, { room, message, from, notify }]) =>
  new Promise((resolve) => {
    const told = (error, response, body) => {
      const given = error ? { raised: error.code, text: error.message } : { returned: { status: response.statusCode, body } };
      console.log(JSON.stringify(given));
      resolve();
    };
    notifier.make(room, asked.token, from, host, notify)[name](message, told);
  });

asked.calls.reduce((before, call) => before.then(() => send(call)), Promise.resolve());
