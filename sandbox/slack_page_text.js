// What local-slack's page shows raw and Slack does not: code blocks, and dates in the reader's own
// zone. The page's own program redraws its elements when it likes, so nothing is moved here: text
// is changed where it stands, and elements get a class.
(() => {
  const FENCE = "```";
  const HIDDEN_FENCE = "\u200b\u200b\u200b"; // still tells a code block after the ticks are gone
  const DATE = /<!date\^(\d+)\^([^|^>]*)(?:\^[^|>]*)?\|([^>]*)>/g;

  const STYLE = `
    .edge-code {
      display: block; white-space: pre; overflow-x: auto; margin: 4px 0; padding: 4px 8px;
      font: 12px/1.5 ui-monospace, monospace; background: #f8f8f8; border: 1px solid #ddd;
      border-radius: 4px;
    }
    .edge-code br:first-of-type, .edge-code br:last-of-type { display: none; }`;

  const day = (date) => date.toDateString();

  const pretty = (date, long) => {
    const now = new Date();
    const away = (days) => day(new Date(now.getTime() + days * 24 * 3600 * 1000));
    if (day(date) === away(0)) return "today";
    if (day(date) === away(-1)) return "yesterday";
    if (day(date) === away(1)) return "tomorrow";
    return long(date);
  };

  const ago = (date) => {
    const minutes = Math.round((Date.now() - date.getTime()) / 60000);
    const [count, unit] = Math.abs(minutes) < 60 ? [minutes, "minute"] : [Math.round(minutes / 60), "hour"];
    return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-count, unit);
  };

  const written = (options) => (date) => date.toLocaleDateString(undefined, options);
  const plain = written({ year: "numeric", month: "long", day: "numeric" });
  const short = written({ year: "numeric", month: "short", day: "numeric" });
  const TOKENS = {
    "{time}": (date) => date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" }),
    "{time_secs}": (date) => date.toLocaleTimeString(),
    "{ago}": ago,
    "{date_num}": (date) => date.toISOString().slice(0, 10),
    "{date}": plain,
    "{date_pretty}": (date) => pretty(date, plain),
    "{date_short}": short,
    "{date_short_pretty}": (date) => pretty(date, short),
    "{date_long}": plain,
    "{date_long_pretty}": (date) => pretty(date, plain),
  };

  const local = (_whole, seconds, format, fallback) => {
    const date = new Date(Number(seconds) * 1000);
    let known = true;
    const shown = format.replace(/\{\w+\}/g, (token) => {
      known = known && token in TOKENS;
      return known ? TOKENS[token](date) : token;
    });
    return known ? shown : fallback;
  };

  const textsOf = (element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  };

  const draw = (element) => {
    const texts = textsOf(element);
    for (const node of texts) {
      const shown = node.nodeValue.replace(DATE, local).replaceAll(FENCE, HIDDEN_FENCE);
      if (shown !== node.nodeValue) node.nodeValue = shown;
    }
    const first = texts[0]?.nodeValue ?? "";
    element.classList.toggle("edge-code", first.startsWith(HIDDEN_FENCE));
  };

  const inviting = (composer) => {
    const shown = composer.placeholder.replace("/echo hi", "/change help");
    if (shown !== composer.placeholder) composer.placeholder = shown;
  };

  const drawAll = () => {
    document.querySelectorAll(".mrkdwn").forEach(draw);
    document.querySelectorAll(".composer-input").forEach(inviting);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const style = document.createElement("style");
    style.textContent = STYLE;
    document.head.append(style);
    new MutationObserver(drawAll).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
      attributes: true,
      attributeFilter: ["placeholder"],
    });
    drawAll();
  });
})();
