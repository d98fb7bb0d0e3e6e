// Entries of the page: messages, calls that were refused, and changes of topics, each with its raw JSON.

/** What a call was refused with, in Slack's own word where there is one; null for one that was taken. */
function refusal(call) {
  if (!call.answered) return "no answer";
  const { status, body } = call.answered;
  if (call.path.startsWith("/services/")) return status === 200 ? null : body || "HTTP " + status;
  let answer = null;
  try {
    answer = JSON.parse(body);
  } catch {
    // Uploads are answered in plain text.
  }
  if (answer?.ok === false) return String(answer.error);
  if (call.path.startsWith("/api/") && answer?.ok !== true) return status === 200 ? "an answer that is none" : "HTTP " + status;
  return status >= 400 ? "HTTP " + status : null;
}

function nameOf(call) {
  if (call.path.startsWith("/services/")) return "an incoming webhook";
  return call.path.startsWith("/api/") ? call.path.slice(5) : "a file's upload";
}

/** The id of the channel that a call is about, as far as it can be told. */
function placeOf(call) {
  const asked = String(call.json?.channel ?? call.json?.channel_id ?? "");
  const known = channels.find((channel) => channel.id === asked || channel.name === asked.replace(/^#/, ""));
  return known?.id ?? asked;
}

function placeName(id, name) {
  const channel = channels.find((channel) => channel.id === id);
  if (id.startsWith("D")) return "@" + (names.get(name) ?? name ?? id);
  return (channel?.is_private ? "🔒 " : "# ") + (channel?.name ?? name ?? id);
}

const COLORS = ["#4a154b", "#1164a3", "#2b7a4b", "#b4581c", "#8e2f6b", "#5b5fc7", "#7a6a00"];

function avatar(parent, username, icon) {
  const glyph = EMOJI[/^:([^:]+):$/.exec(icon ?? "")?.[1]];
  const box = add(parent, "div", glyph ? "avatar emoji" : "avatar", glyph ?? [...username][0]?.toUpperCase() ?? "?");
  const sum = [...username].reduce((sum, letter) => sum + letter.codePointAt(0), 0);
  if (!glyph && username !== "!") box.style.backgroundColor = COLORS[sum % COLORS.length];
  box.setAttribute("aria-hidden", "true");
}

/** An entry with its head; the content comes from `fill`, the raw JSON, when it is wanted, from `raw`. */
function entry(kind, at, who, place, fill, raw) {
  const article = document.createElement("article");
  article.className = kind;
  article.dataset.at = at;
  avatar(article, kind === "refused" ? "!" : who.name, who.icon);
  const body = add(article, "div", "body");
  const head = add(body, "div", "head");
  add(head, "span", "sender", who.name);
  if (who.isApp) add(head, "span", "app", "APP");
  const when = new Date(at);
  const time = add(head, "time", "", when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = at;
  time.title = when.toLocaleString();
  if (place) add(head, "span", "place", place);
  try {
    fill(body, head);
  } catch (error) {
    add(body, "div", "error", "this page cannot show it: " + error.message);
  }
  const show = add(article, "button", "show", "{ }");
  show.type = "button";
  show.title = "Raw JSON";
  show.setAttribute("aria-label", "Raw JSON");
  show.setAttribute("aria-expanded", "false");
  show.addEventListener("click", () => {
    const shown = article.querySelector(".raw");
    show.setAttribute("aria-expanded", String(!shown));
    if (shown) shown.remove();
    else add(article, "pre", "raw", JSON.stringify(raw(), null, 2));
  });
  return article;
}

function parsed(call) {
  try {
    return { status: call.answered.status, body: JSON.parse(call.answered.body) };
  } catch {
    return call.answered;
  }
}

function rawCall(call) {
  const path = call.path.replace(/^(\/services\/|\/upload\/v1\/).*/, "$1***");
  return { call: call.method + " " + path, sent: call.json ?? call.body, answered: parsed(call) };
}

function rawMessage(message) {
  const isIts = (call) => {
    const answer = call.path === "/api/chat.postMessage" ? parsed(call)?.body : null;
    return answer?.ts === message.ts && answer?.channel === message.channel;
  };
  const call = [...calls.values()].find(isIts);
  return call ? { ...rawCall(call), kept: message } : { kept: message };
}

function messageEntry(message) {
  const who = { name: message.username, icon: message.icon, isApp: true };
  const place = placeName(message.channel, message.channel_name);
  const article = entry("message", message.at, who, place, (body) => content(body, message), () => rawMessage(message));
  article.dataset.place = message.channel;
  article.dataset.ts = message.ts;
  if (message.thread_ts) {
    article.dataset.thread = message.thread_ts;
    add(article.querySelector(".head"), "span", "place", "in a thread");
  }
  return article;
}

function refusedEntry(call, error) {
  const id = placeOf(call);
  const who = { name: nameOf(call), isApp: false };
  const place = id ? placeName(id, id) : "";
  const fill = (body) => {
    const line = add(body, "div", "error", call.answered ? "refused: " : "");
    add(line, "code", "", error);
    if (call.path === "/api/chat.postMessage" || call.path.startsWith("/services/")) {
      const sent = Object(call.json);
      const part = (value) => (typeof value === "string" ? JSON.parse(value) : value);
      const attempt = add(body, "div", "attempt");
      content(attempt, { ...sent, attachments: part(sent.attachments), blocks: part(sent.blocks) });
    }
  };
  const article = entry("refused", call.at, who, place, fill, () => rawCall(call));
  article.dataset.place = id;
  return article;
}

function topicEntry(call) {
  const id = placeOf(call);
  const who = { name: "local app", icon: null, isApp: true };
  const fill = (body) => add(body, "div", "event", "set the channel’s topic: " + (call.json?.topic ?? ""));
  const article = entry("event", call.at, who, placeName(id, id), fill, () => rawCall(call));
  article.dataset.place = id;
  return article;
}
