// The page itself: asks for what is new, puts it in its place, and shows one channel or all.

const log = document.getElementById("log");
const scroll = document.getElementById("scroll");
const places = document.getElementById("places");
const newer = document.getElementById("newer");
const state = document.getElementById("state");

/** How long a call may wait for its answer before it counts as one that never came, in milliseconds. */
const PATIENCE = 60_000;
const EVERYTHING = "";
const REFUSED = "refused";

let messages, calls, entries, channels, epoch;
let chosen = wanted();

/** The place that the address names; an address that cannot be read names none. */
function wanted() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return EVERYTHING;
  }
}

function reset() {
  messages = new Map();
  calls = new Map();
  entries = new Map();
  channels = [];
  epoch = null;
  log.replaceChildren();
}

/** Puts an entry where its time says; replies follow the message that they answer. */
function place(article) {
  const parent = article.dataset.thread && find((other) => other.dataset.ts === article.dataset.thread && isBeside(article, other));
  if (parent) {
    article.classList.add("reply");
    let last = parent;
    while (last.nextElementSibling?.dataset.thread === article.dataset.thread) last = last.nextElementSibling;
    return void last.after(article);
  }
  const isEarlier = (other) => !other.classList.contains("reply") && other.tagName === "ARTICLE" && other.dataset.at <= article.dataset.at;
  let before = find(isEarlier);
  while (before?.nextElementSibling?.classList.contains("reply")) before = before.nextElementSibling;
  if (before) before.after(article);
  else log.prepend(article);
}

function isBeside(one, other) {
  return one.dataset.place === other.dataset.place;
}

/** The last entry that is so. */
function find(isSo) {
  for (let entry = log.lastElementChild; entry; entry = entry.previousElementSibling) if (isSo(entry)) return entry;
  return null;
}

/** Shows an entry, in place of an older one for the same thing. */
function show(key, article) {
  entries.get(key)?.remove();
  entries.delete(key);
  if (!article) return;
  entries.set(key, article);
  place(article);
}

function take(call) {
  calls.set(call.seq, call);
  const error = refusal(call);
  if (error !== null) show("call " + call.seq, refusedEntry(call, error));
  else show("call " + call.seq, call.path === "/api/conversations.setTopic" ? topicEntry(call) : null);
}

function isShown(article) {
  if (chosen === EVERYTHING) return true;
  return chosen === REFUSED ? article.classList.contains("refused") : article.dataset.place === chosen;
}

/** Marks where a day begins among what is shown. */
function days() {
  for (const day of log.querySelectorAll(".day")) day.remove();
  let last = null;
  for (const article of log.querySelectorAll("article:not([hidden], .reply)")) {
    const at = new Date(article.dataset.at);
    const day = at.toDateString();
    if (day === last) continue;
    last = day;
    const line = document.createElement("div");
    line.className = "day";
    line.textContent = at.toLocaleDateString([], { weekday: "long", month: "long", day: "numeric" });
    article.before(line);
  }
}

function arrange() {
  const articles = [...log.querySelectorAll("article")];
  const count = (isSo) => articles.filter(isSo).length;
  const direct = [...messages.values()].filter((message) => message.channel.startsWith("D"));
  const known = new Map([
    [EVERYTHING, "All messages"],
    ...channels.map((channel) => [channel.id, placeName(channel.id)]),
    ...direct.map((message) => [message.channel, placeName(message.channel, message.channel_name)]),
    [REFUSED, "Refused calls"],
  ]);
  if (!known.has(chosen)) chosen = EVERYTHING;
  for (const article of articles) article.hidden = !isShown(article);
  days();
  const counts = new Map([...known.keys()].map((id) => [id, count((article) => article.dataset.place === id)]));
  counts.set(EVERYTHING, count((article) => article.classList.contains("message")));
  counts.set(REFUSED, count((article) => article.classList.contains("refused")));
  const focused = document.activeElement?.dataset.place;
  places.replaceChildren();
  for (const [id, name] of known) {
    const button = add(places, "button");
    button.type = "button";
    button.dataset.place = id;
    add(button, "span", "", name);
    add(button, "span", "count", counts.get(id) || "");
    if (id === chosen) button.setAttribute("aria-current", "page");
    button.addEventListener("click", () => (location.hash = id));
    if (id === focused) button.focus();
  }
  document.getElementById("title").textContent = known.get(chosen);
  const topic = channels.find((channel) => channel.id === chosen)?.topic;
  document.getElementById("topic").textContent = topic ?? "";
  document.getElementById("empty").hidden = articles.some((article) => !article.hidden);
  state.textContent = messages.size === 1 ? "1 message" : messages.size + " messages";
}

async function read(path) {
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) throw new Error("status " + response.status);
  return { now: response.headers.get("x-epoch"), value: await response.json() };
}

/** The last call whose answer needs not be asked for again. */
function settled() {
  const open = [...calls.values()].filter((call) => !call.answered && Date.now() - new Date(call.at) < PATIENCE);
  return Math.max(0, Math.min(...open.map((call) => call.seq - 1), Math.max(0, ...calls.keys())));
}

async function look() {
  const told = await read("/_messages?after=" + Math.max(0, ...messages.keys()));
  if (epoch !== null && told.now !== epoch) {
    reset();
    return look();
  }
  const isFirst = epoch === null;
  epoch = told.now;
  const made = (await read("/_calls?after=" + settled())).value.filter((call) => {
    return JSON.stringify(calls.get(call.seq)) !== JSON.stringify(call);
  });
  if (!isFirst && !told.value.length && !made.length) return;
  const workspace = (await read("/_workspace")).value;
  channels = workspace.channels;
  for (const one of [...workspace.channels, ...workspace.users]) names.set(one.id, one.name);
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
  for (const message of told.value) {
    messages.set(message.seq, message);
    show("message " + message.seq, messageEntry(message));
  }
  for (const call of made) take(call);
  arrange();
  if (atEnd || isFirst) scroll.scrollTop = scroll.scrollHeight;
  else if (told.value.length) newer.hidden = false;
}

async function follow() {
  try {
    await look();
    state.classList.remove("lost");
  } catch {
    state.textContent = "no answer, trying again";
    state.classList.add("lost");
  }
  setTimeout(follow, 700);
}

addEventListener("hashchange", () => {
  chosen = wanted();
  arrange();
  scroll.scrollTop = scroll.scrollHeight;
});
scroll.addEventListener("scroll", () => {
  if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40) newer.hidden = true;
});
newer.addEventListener("click", () => (scroll.scrollTop = scroll.scrollHeight));
document.getElementById("clear").addEventListener("click", async () => {
  await fetch("/_calls", { method: "DELETE" });
  await fetch("/_messages", { method: "DELETE" });
});

reset();
follow();
