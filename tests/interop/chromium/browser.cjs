// A headless Chromium that a test drives. Each line on standard input is one command in JSON, each line on standard output
// its answer: {"value": ...} or {"error": "..."}. The end of standard input ends the browser.
//   {"open": URL, "width": 1280, "height": 800, "dark": false}   loads a page in a window of this size
//   {"evaluate": "an expression"}       its value, awaited when it is a promise
//   {"until": "an expression"}          its value as soon as it is true to JavaScript; an error after ten seconds
//   {"screenshot": "path"}              writes what the window shows, as PNG
//   {"seen": true}                      {"requests": [URLs], "complaints": [what the console and the page's policy said]}
// The browser, its libraries and its fonts come from the packages beside it and are unpacked once. CHROMIUM names another
// browser, for machines that the package has none for.
const { spawn } = require('node:child_process');
const { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { createInterface } = require('node:readline');

const installed = process.env.NODE_MODULES_OF;
const profile = process.argv[2];

/** The folder with the unpacked browser. Tests that unpack at the same time each do their own; one of them stays. */
async function unpacked() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('the packaged browser is for Linux on x86-64: set CHROMIUM to the path of a Chromium of this machine');
  }
  const place = join(installed, 'unpacked');
  if (!existsSync(place)) {
    const own = mkdtempSync(join(installed, 'unpacking-'));
    // The package looks at these: where it unpacks to, and whether the libraries that it brings are wanted.
    Object.assign(process.env, { TMPDIR: own, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' });
    const chromium = createRequire(join(installed, 'package.json'))('@sparticuz/chromium');
    await (chromium.default ?? chromium).executablePath();
    mkdirSync(join(own, 'fontconfig'));
    const fonts = ['unpacked/fonts/fonts', 'node_modules/dejavu-fonts-ttf/ttf'];
    const folders = fonts.map((folder) => `<dir>${join(installed, folder)}</dir>`).join('');
    const prefer = (generic, names) =>
      `<alias><family>${generic}</family><prefer>${names.map((name) => `<family>${name}</family>`).join('')}</prefer></alias>`;
    writeFileSync(
      join(own, 'fontconfig/fonts.conf'),
      `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${folders}` +
        `<cachedir>${join(place, 'fontconfig/cache')}</cachedir>` +
        prefer('sans-serif', ['Open Sans']) +
        prefer('system-ui', ['Open Sans']) +
        prefer('ui-monospace', ['DejaVu Sans Mono']) +
        prefer('monospace', ['DejaVu Sans Mono']) +
        '</fontconfig>',
    );
    try {
      renameSync(own, place);
    } catch (error) {
      rmSync(own, { recursive: true, force: true });
      if (!existsSync(place)) throw error;
    }
  }
  return place;
}

/** Starts the browser: its program, and where its libraries and fonts are. */
async function start() {
  const env = { ...process.env, HOME: profile };
  let program = process.env.CHROMIUM;
  if (!program) {
    const place = await unpacked();
    program = join(place, 'chromium');
    Object.assign(env, { LD_LIBRARY_PATH: join(place, 'al2023/lib'), FONTCONFIG_PATH: join(place, 'fontconfig') });
  }
  const flags = [
    '--headless', '--remote-debugging-pipe', `--user-data-dir=${profile}`, '--no-sandbox', '--no-zygote', '--disable-gpu',
    '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--no-first-run',
    '--no-default-browser-check', '--hide-scrollbars', '--font-render-hinting=none', '--proxy-server=direct://',
  ];
  return spawn(program, flags, { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
}

/** The DevTools protocol over the browser's pipe: messages in JSON, each ended by a zero byte. */
class DevTools {
  constructor(browser) {
    this.out = browser.stdio[3];
    this.waiting = new Map();
    this.last = 0;
    this.listeners = [];
    let rest = '';
    browser.stdio[4].setEncoding('utf8').on('data', (text) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop();
      for (const message of messages) this.arrived(JSON.parse(message));
    });
    browser.on('error', (error) => this.end(error.message));
    browser.on('exit', (code, signal) => this.end(`the browser ended: ${signal ?? code}`));
  }

  arrived(message) {
    if (message.id === undefined) return void this.listeners.forEach((listener) => listener(message));
    const { resolve, reject } = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) reject(new Error(message.error.message));
    else resolve(message.result);
  }

  end(reason) {
    this.ended = reason;
    for (const { reject } of this.waiting.values()) reject(new Error(reason));
  }

  call(method, params = {}) {
    if (this.ended) return Promise.reject(new Error(this.ended));
    const id = ++this.last;
    this.out.write(JSON.stringify({ id, method, params, sessionId: this.session }) + '\0');
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }
}

/** One page and what it did. */
async function page(devtools) {
  const { targetId } = await devtools.call('Target.createTarget', { url: 'about:blank' });
  devtools.session = (await devtools.call('Target.attachToTarget', { targetId, flatten: true })).sessionId;
  const seen = { requests: [], complaints: [] };
  let loaded = () => {};
  devtools.listeners.push(({ method, params }) => {
    if (method === 'Page.loadEventFired') loaded();
    if (method === 'Network.requestWillBeSent') seen.requests.push(params.request.url);
    if (method === 'Log.entryAdded') seen.complaints.push(params.entry.text);
    if (method === 'Runtime.exceptionThrown') seen.complaints.push(params.exceptionDetails.exception?.description ?? 'an exception');
    if (method === 'Page.javascriptDialogOpening') seen.complaints.push(`dialog: ${params.message}`);
  });
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await devtools.call(`${domain}.enable`);

  const evaluate = async (expression) => {
    const told = await devtools.call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (told.exceptionDetails) throw new Error(told.exceptionDetails.exception?.description ?? told.exceptionDetails.text);
    return told.result.value ?? null;
  };
  return {
    async open({ open, width, height, dark }) {
      const size = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
      await devtools.call('Emulation.setDeviceMetricsOverride', size);
      const scheme = { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' };
      await devtools.call('Emulation.setEmulatedMedia', { features: [scheme] });
      const done = new Promise((resolve) => (loaded = resolve));
      const { errorText } = await devtools.call('Page.navigate', { url: open });
      if (errorText) throw new Error(errorText);
      await done;
      // Emoji come as a font for pages alone: under the name of one that systems have.
      const font = readFileSync(join(installed, 'node_modules/twemoji-colr-font/twemoji.woff2'), 'base64');
      const bytes = `Uint8Array.from(atob('${font}'), (letter) => letter.charCodeAt(0))`;
      await evaluate(`new FontFace('Noto Color Emoji', ${bytes}).load().then((font) => void document.fonts.add(font))`);
      return null;
    },
    evaluate: (command) => evaluate(command.evaluate),
    async until(command) {
      for (const end = Date.now() + 10_000; Date.now() < end; ) {
        const value = await evaluate(command.until);
        if (value) return value;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`not within ten seconds: ${command.until}`);
    },
    async screenshot(command) {
      const { data } = await devtools.call('Page.captureScreenshot', { format: 'png' });
      writeFileSync(command.screenshot, Buffer.from(data, 'base64'));
      return null;
    },
    seen: () => seen,
  };
}

async function main() {
  const browser = await start();
  const devtools = new DevTools(browser);
  const commands = await page(devtools);
  // Not earlier: lines that come before somebody waits for them are lost.
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    const name = Object.keys(command).find((name) => name in commands);
    let answer;
    try {
      answer = { value: await commands[name](command) };
    } catch (error) {
      answer = { error: error.message };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
  browser.kill('SIGKILL');
}

main().catch((error) => {
  process.stdout.write(JSON.stringify({ error: error.message }) + '\n');
  process.exit(1);
});
