// Slack's mark-up -> elements. Whatever was posted becomes text nodes: no markup of a message is ever parsed as HTML.

/** Appends an element with a class and a text, if there is one. */
function add(parent, name, kind, text) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

/** The three characters that Slack escapes, read back. */
function plain(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** A link, or the label alone when Slack would make no link of the URL. `url` and `label` are text, not mark-up. */
function link(parent, url, label) {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(url)) return void parent.append(label);
  const anchor = add(parent, "a", "", label);
  anchor.href = url;
  anchor.rel = "noopener noreferrer";
  anchor.target = "_blank";
}

/** Text with its emoji; a name that is not known stays as it is. */
function emoji(parent, text) {
  let end = 0;
  for (const match of text.matchAll(/:([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?/g)) {
    const shown = EMOJI[match[1]];
    if (!shown) continue;
    parent.append(text.slice(end, match.index));
    add(parent, "span", "emoji", shown).title = match[0];
    end = match.index + match[0].length;
  }
  parent.append(text.slice(end));
}

/** Names of users and channels by their ids, as far as the workspace knows them. */
const names = new Map();

function reference(parent, inner) {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = plain(bar < 0 ? "" : inner.slice(bar + 1));
  const id = target.slice(1);
  if (/^@[UW]/.test(target)) add(parent, "span", "mention", "@" + (label || names.get(id) || id));
  else if (/^#[CG]/.test(target)) add(parent, "span", "mention", "#" + (label || names.get(id) || id));
  else if (/^!(here|channel|everyone)$/.test(target)) add(parent, "span", "mention", "@" + id);
  else if (/^!subteam\^/.test(target)) add(parent, "span", "mention", label || "@" + id.slice(8));
  else if (/^!date\^/.test(target)) parent.append(label);
  else if (/^(https?:\/\/|mailto:|tel:)/i.test(target)) link(parent, plain(target), label || plain(target));
  // Slack knows no such thing: shown as it was sent, so that a missing escape is seen.
  else parent.append("<" + plain(inner) + ">");
}

/** What is whole, whatever marks stand in it. The last one is the character that stands for them while marks are looked for. */
const ATOM = /<([^<>\n]+)>|`([^`\n]+)`|(https?:\/\/[^\s<>|]*[^\s<>|.,:;!?)\]'"*_~])|\uE000/gi;

// Marks stand at the edges of words, with no space inside.
const INLINE = new RegExp(
  "(?<![\\p{L}\\p{N}])(?:\\*(\\S(?:[^*\\n]*\\S)?)\\*|_(\\S(?:[^_\\n]*\\S)?)_|~(\\S(?:[^~\\n]*\\S)?)~)(?![\\p{L}\\p{N}])",
  "gu",
);

function inline(parent, text, verbatim) {
  const atoms = [];
  const rest = text.replace(ATOM, (...match) => (atoms.push(match), "\uE000"));
  marked(parent, rest, atoms, verbatim);
}

/** Text with its marks; `atoms` are taken in their order, which is the order of the text. */
function marked(parent, text, atoms, verbatim) {
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, bold, italic, struck] = match;
    unmarked(parent, text.slice(end, match.index), atoms, verbatim);
    end = match.index + whole.length;
    if (bold !== undefined) marked(add(parent, "strong"), bold, atoms, verbatim);
    else if (italic !== undefined) marked(add(parent, "em"), italic, atoms, verbatim);
    else marked(add(parent, "s"), struck, atoms, verbatim);
  }
  unmarked(parent, text.slice(end), atoms, verbatim);
}

function unmarked(parent, text, atoms, verbatim) {
  text.split("\uE000").forEach((part, index) => {
    if (index) atom(parent, atoms.shift(), verbatim);
    emoji(parent, plain(part));
  });
}

function atom(parent, [whole, target, code, url], verbatim) {
  if (target !== undefined) reference(parent, target);
  else if (code !== undefined) coded(add(parent, "code"), code);
  else if (url !== undefined && !verbatim) link(parent, plain(url), plain(url));
  else parent.append(plain(whole));
}

/** Code holds links, and no other mark. */
function coded(parent, text) {
  let end = 0;
  for (const match of text.matchAll(/<([^<>\n]+)>/g)) {
    parent.append(plain(text.slice(end, match.index)));
    end = match.index + match[0].length;
    reference(parent, match[1]);
  }
  parent.append(plain(text.slice(end)));
}

/** Mark-up of several lines: blocks of code, quotes, all else. */
function mrkdwn(parent, text, kind = "text", verbatim = false) {
  const box = add(parent, "div", kind);
  const parts = text.split("```");
  // A fence that is never closed is none.
  if (parts.length % 2 === 0) parts.push(parts.splice(-2).join("```"));
  parts.forEach((part, index) => {
    if (index % 2) return void coded(add(box, "pre"), part.replace(/^\n/, "").replace(/\n$/, ""));
    // A block has its own line: the breaks around it would show as empty ones.
    let rest = index ? part.replace(/^\n/, "") : part;
    if (index + 1 < parts.length) rest = rest.replace(/\n$/, "");
    lines(box, rest, verbatim);
  });
  if (box.textContent.trim() && !box.querySelector(":not(.emoji)") && isEmojiAlone(box)) box.classList.add("jumbo");
  return box;
}

function isEmojiAlone(box) {
  return [...box.childNodes].every((node) => node.className === "emoji" || !node.textContent.trim());
}

function lines(box, text, verbatim) {
  const long = /(^|\n)(?:&gt;|>){3} ?([\s\S]*)$/.exec(text);
  const quoted = long ? long[2] : null;
  let quote = null;
  let first = true;
  for (const line of (long ? text.slice(0, long.index) : text).split("\n")) {
    const match = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (match) {
      if (quote) quote.append("\n");
      else quote = add(box, "blockquote");
      inline(quote, match[1], verbatim);
    } else {
      if (!first && !quote) box.append("\n");
      quote = null;
      inline(box, line, verbatim);
    }
    first = false;
  }
  if (quoted !== null) inline(add(box, "blockquote"), quoted, verbatim);
}
