// Blocks, attachments and files -> elements.

/** A text object: `mrkdwn` or `plain_text`. */
function textObject(parent, object, kind) {
  if (typeof object?.text !== "string") return;
  if (object.type === "plain_text") emoji(add(parent, "div", kind || "text"), object.text);
  else mrkdwn(parent, object.text, kind, object.verbatim === true);
}

/** The address of something that this server itself serves, else nothing: the page loads from nowhere else. */
function own(url) {
  const parsed = typeof url === "string" && URL.canParse(url, location.href) ? new URL(url, location.href) : null;
  return parsed?.origin === location.origin && parsed.pathname.startsWith("/_files/") ? parsed.pathname : null;
}

/** A picture: Slack would load it, the page names it, unless it is one of this server's own. */
function picture(parent, url, alt) {
  const box = add(parent, "span", "picture");
  const at = own(url);
  if (at) {
    const image = add(box, "img");
    image.src = at;
    image.alt = alt;
  } else {
    box.append("🖼️ ");
    link(box, String(url ?? ""), alt || "image");
  }
}

const BLOCKS = {
  divider: (parent) => add(parent, "hr"),
  header: (parent, block) => textObject(parent, block.text, "header"),
  markdown: (parent, block) => markdown(parent, String(block.text ?? "")),
  image(parent, block) {
    if (block.title) textObject(parent, block.title, "small");
    picture(parent, block.image_url ?? block.slack_file?.url, String(block.alt_text ?? ""));
  },
  video(parent, block) {
    link(add(parent, "div", "title"), String(block.title_url ?? block.video_url ?? ""), "▶ " + (block.title?.text ?? "video"));
  },
  context(parent, block) {
    const row = add(parent, "div", "context");
    for (const element of list(block.elements)) {
      if (element?.type === "image") picture(row, element.image_url, String(element.alt_text ?? ""));
      else textObject(row, element, "text");
    }
  },
  section(parent, block) {
    const row = add(parent, "div", "section");
    const main = add(row, "div");
    textObject(main, block.text);
    if (block.fields) {
      const grid = add(main, "div", "fields");
      for (const field of list(block.fields)) textObject(grid, field);
    }
    if (block.accessory?.type === "image") picture(row, block.accessory.image_url, String(block.accessory.alt_text ?? ""));
    else if (block.accessory) actions(row, [block.accessory]);
  },
  actions: (parent, block) => actions(parent, list(block.elements)),
  rich_text(parent, block) {
    for (const element of list(block.elements)) richText(parent, element);
  },
  table(parent, block) {
    const table = add(add(parent, "div", "wide"), "table");
    const columns = list(block.column_settings);
    for (const row of list(block.rows)) {
      const line = add(table, "tr");
      list(row).forEach((cell, index) => {
        const box = add(line, "td");
        if (/^(left|center|right)$/.test(columns[index]?.align)) box.style.textAlign = columns[index].align;
        if (cell?.type === "rich_text") BLOCKS.rich_text(box, cell);
        else box.append(String(cell?.text ?? ""));
      });
    }
  },
};

function list(value) {
  return Array.isArray(value) ? value : [];
}

function actions(parent, elements) {
  const row = add(parent, "div", "actions");
  for (const element of elements) add(row, "span", "", element?.text?.text ?? element?.placeholder?.text ?? String(element?.type));
}

function blocks(parent, items) {
  for (const block of list(items)) {
    if (Object.hasOwn(BLOCKS, block?.type)) BLOCKS[block.type](parent, block);
    else add(parent, "div", "small", "[" + block?.type + "]");
  }
}

/** The parts of a rich text: <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/>. */
function richText(parent, part) {
  if (part?.type === "rich_text_list") {
    const items = add(parent, part.style === "ordered" ? "ol" : "ul");
    if (Number.isInteger(part.offset)) items.start = part.offset + 1;
    items.style.marginLeft = Math.min(Number(part.indent) || 0, 8) * 1.4 + "rem";
    for (const item of list(part.elements)) richElements(add(items, "li", "text"), item?.elements);
  } else if (part?.type === "rich_text_preformatted") richElements(add(parent, "pre"), part.elements);
  else if (part?.type === "rich_text_quote") richElements(add(parent, "blockquote"), part.elements);
  else richElements(add(parent, "div", "text"), part?.elements);
}

const STYLES = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code" };

function richElements(parent, elements) {
  for (const element of list(elements)) {
    const wanted = Object.keys(STYLES).filter((style) => element?.style?.[style] === true);
    const box = wanted.reduce((outer, style) => add(outer, STYLES[style]), parent);
    const id = String(element?.user_id ?? element?.channel_id ?? element?.usergroup_id ?? element?.range ?? "");
    switch (element?.type) {
      case "text": box.append(String(element.text)); break;
      case "link": link(box, String(element.url), String(element.text ?? element.url)); break;
      case "emoji": emoji(box, ":" + element.name + ":"); break;
      case "channel": add(box, "span", "mention", "#" + (names.get(id) ?? id)); break;
      case "user": case "usergroup": case "broadcast": add(box, "span", "mention", "@" + (names.get(id) ?? id)); break;
      case "color": case "date": box.append(String(element.value ?? element.fallback ?? "")); break;
      default: box.append("[" + element?.type + "]");
    }
  }
}

/** What is whole in a markdown block, whatever marks stand in it. The last one is the character that stands for them. */
const WHOLE = /```[\s\S]*?```|`[^`\n]+`|\[([^\]\n]+)\]\((https?:[^)\s]+)\)|<[^<>\n]+>|https?:\/\/[^\s<>|]*[^\s<>|.,:;!?)\]'"*_~]|\uE000/gi;

/** The markdown block has another language than the rest: enough of it to tell its shape. */
function markdown(parent, text) {
  const whole = [];
  const rest = text.replace(WHOLE, (match, label, url) => (whole.push(url ? labelled(url, label) : match), "\uE000"));
  const swapped = rest
    .replace(/^#{1,6} +(.*)$/gm, "**$1**")
    .replace(/^[-*] +/gm, "• ")
    .replace(/(?<!\*)\*(?![\s*])([^*\n]*[^\s*])\*(?!\*)/g, "_$1_")
    .replace(/\*\*(?!\s)([^*\n]*[^\s*])\*\*/g, "*$1*")
    .replace(/~~([^~\n]+)~~/g, "~$1~");
  mrkdwn(parent, swapped.replace(/\uE000/g, () => whole.shift()));
}

/** A link in the language of the rest, whose labels have no marks. */
function labelled(url, label) {
  const shown = label.replace(/(\*{1,2}|~~)(\S(?:.*?\S)?)\1/g, "$2").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<${url.replace(/[<>|]/g, encodeURIComponent)}|${shown}>`;
}

const NAMED = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

/** An attachment with its colour bar. */
function attachment(parent, item) {
  if (item.pretext) mrkdwn(parent, String(item.pretext));
  const box = add(parent, "div", "attachment");
  const color = NAMED[item.color] ?? "#" + String(item.color ?? "").replace(/^#/, "");
  if (/^#[0-9a-f]{6}$/i.test(color)) box.style.borderLeftColor = color;
  if (item.author_name) link(add(box, "div", "small"), String(item.author_link ?? ""), String(item.author_name));
  if (item.title) link(add(box, "div", "title"), String(item.title_link ?? ""), plain(String(item.title)));
  if (item.text) clamped(box, mrkdwn(box, String(item.text)), String(item.text));
  if (list(item.fields).length) {
    const grid = add(box, "div", "fields");
    for (const field of item.fields) {
      const cell = add(grid, "div");
      if (field?.title) add(cell, "div", "title", plain(String(field.title)));
      mrkdwn(cell, String(field?.value ?? ""));
    }
  }
  blocks(box, item.blocks);
  for (const name of ["image_url", "thumb_url"]) if (item[name]) picture(box, item[name], "image");
  if (item.footer) add(box, "div", "small", plain(String(item.footer)));
  if (!box.hasChildNodes() && item.fallback) mrkdwn(box, String(item.fallback));
}

/** Slack hides the rest of a long text of an attachment behind a button. */
function clamped(parent, box, text) {
  if (text.length <= 700 && text.split("\n").length <= 5) return;
  box.classList.add("clamped");
  const more = add(parent, "button", "more", "Show more");
  more.type = "button";
  more.addEventListener("click", () => {
    more.textContent = box.classList.toggle("clamped") ? "Show more" : "Show less";
  });
}

function file(parent, item) {
  const at = own(item.url_private ?? item.permalink);
  const name = String(item.title || item.name || item.id);
  const size = Number(item.size);
  const told = size >= 1024 ? Math.round(size / 1024) + " kB" : size + " bytes";
  const isPicture = at && /^image\/(png|jpeg|gif|webp)$/.test(item.mimetype);
  const box = add(parent, "div", isPicture ? "file shown" : "file");
  if (!isPicture) add(box, "span", "kind", (/\.([a-z0-9]{1,5})$/i.exec(item.name ?? "") ?? [0, "file"])[1]);
  const label = add(box, "span");
  const title = add(label, at ? "a" : "b", "title", name);
  if (at) {
    title.href = at;
    title.target = "_blank";
    title.rel = "noopener noreferrer";
  }
  add(label, "span", "small", "  " + [name === item.name ? "" : item.name, size ? told : ""].filter(Boolean).join(" · "));
  if (isPicture) {
    const image = add(box, "img");
    image.src = at;
    image.alt = name;
  }
}

/** All that a message says. */
function content(parent, message) {
  const hasBlocks = list(message.blocks).length > 0;
  // With blocks, the text is what notifications say.
  if (typeof message.text === "string" && message.text && !hasBlocks) mrkdwn(parent, message.text);
  blocks(parent, message.blocks);
  for (const item of list(message.attachments)) attachment(parent, Object(item));
  for (const item of list(message.files)) file(parent, Object(item));
}
