// An application that uses hipchatter. Its argument lists calls as [name, arguments] in JSON; a line is printed for
// what each of them gave.
const Hipchatter = require('hipchatter');

const asked = JSON.parse(process.argv[2]);
const client = new Hipchatter(asked.token, asked.endpoint === null ? undefined : `${asked.endpoint}/v2/`);

const send = ([name, given]) =>
  new Promise((resolve) => {
    const told = (error, value) => {
      console.log(JSON.stringify(error ? { raised: 'Error', text: error.message } : { returned: value ?? null }));
      resolve();
    };
    client[name](...given, told);
  });

asked.calls.reduce((before, call) => before.then(() => send(call)), Promise.resolve());
