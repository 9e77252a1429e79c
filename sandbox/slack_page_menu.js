// The app's entry in a message's menu, which local-slack's page does not have: a button beside
// those that show up when the mouse is over a message.
(() => {
  const SHORTCUT = { callback_id: "add_to_timeline", name: "Add to timeline" };

  const channels = new Map();
  let socket = null;

  const remember = (message) => {
    if (message?.ts && message.subtype !== "ephemeral") channels.set(message.ts, message.channel);
  };

  const listen = ({ data }) => {
    const frame = JSON.parse(data);
    remember(frame.message);
    Object.values(frame.state?.messages ?? {}).flat().forEach(remember);
  };

  const choose = (ts) => {
    const user = document.querySelector(".actas select")?.value;
    const where = { user, channel: channels.get(ts), ts };
    socket.send(JSON.stringify({ t: "message_shortcut", ...where, ...SHORTCUT }));
  };

  document.addEventListener("mouseover", ({ target }) => {
    const message = target.closest?.(".msg[data-ts]");
    const row = message?.querySelector(".msg-hover-actions");
    if (!row || row.querySelector(".edge-shortcut") || !channels.has(message.dataset.ts)) return;
    const button = document.createElement("button");
    button.className = "msg-hover-btn edge-shortcut";
    button.title = SHORTCUT.name;
    button.textContent = "🕒";
    button.addEventListener("click", () => choose(message.dataset.ts));
    row.append(button);
  });

  window.WebSocket = class extends window.WebSocket {
    constructor(...where) {
      super(...where);
      socket = this;
      this.addEventListener("message", listen);
    }
  };
})();
