// What local-slack's page lacks and a person would miss: line breaks in a field, the question
// that Slack asks before a dangerous button, and fields that change the form when chosen.
(() => {
  const NEWLINE = "⏎";

  const isField = (target) =>
    target instanceof HTMLInputElement &&
    target.type === "text" &&
    target.classList.contains("bk-plain-input");

  const insert = (text) => document.execCommand("insertText", false, text);

  document.addEventListener(
    "paste",
    (event) => {
      if (!isField(event.target)) return;
      const text = event.clipboardData.getData("text/plain");
      if (!/[\r\n]/.test(text)) return;
      event.preventDefault();
      insert(text.replace(/\r\n|\r|\n/g, NEWLINE));
    },
    true,
  );

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" || !isField(event.target)) return;
      if (!event.shiftKey && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      insert(NEWLINE);
    },
    true,
  );

  const questions = new Map();

  const remember = (place, blocks) => {
    for (const block of blocks ?? []) {
      for (const element of [...(block.elements ?? []), block.accessory]) {
        if (element?.action_id) {
          questions.set(`${place} ${block.block_id} ${element.action_id}`, element.confirm);
        }
      }
    }
  };

  let modal = null;
  let socket = null;

  const chosen = (target, options) => {
    if (target instanceof HTMLSelectElement) {
      return options.find((option) => option.value === target.value);
    }
    const radios = [...target.closest(".bk-options").querySelectorAll("input")];
    return options[radios.indexOf(target)];
  };

  document.addEventListener("change", ({ target }) => {
    const row = target.closest(".modal-body .bk-input");
    if (!row || !(target instanceof HTMLSelectElement || target.type === "radio")) return;
    const rows = [...document.querySelectorAll(".modal-body .bk-input")];
    const fields = (modal?.blocks ?? []).filter((block) => block.type === "input");
    const block = fields[rows.indexOf(row)];
    if (!block?.dispatch_action) return;
    const { type, action_id, options } = block.element;
    const value = { type, selected_option: chosen(target, options) };
    const values = { [block.block_id]: { [action_id]: value } };
    socket.send(JSON.stringify({ t: "view_action", block_id: block.block_id, values }));
  });

  const listen = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.t === "view") modal = frame.stack.at(-1);
    if (frame.t === "init") modal = frame.state.modalStack.at(-1);
    if (frame.message) remember(frame.message.ts, frame.message.blocks);
    if (frame.t === "home") remember("", frame.view.blocks);
    for (const message of Object.values(frame.state?.messages ?? {}).flat()) {
      remember(message.ts, message.blocks);
    }
  };

  const agreed = (frame) => {
    const { block_id, action_id } = frame.action;
    const question = questions.get(`${frame.messageTs} ${block_id} ${action_id}`);
    if (!question) return true;
    const choice = `[OK] ${question.confirm.text}   [Cancel] ${question.deny.text}`;
    return window.confirm(`${question.title.text}\n\n${question.text.text}\n\n${choice}`);
  };

  window.WebSocket = class extends window.WebSocket {
    constructor(...where) {
      super(...where);
      socket = this;
      this.addEventListener("message", listen);
    }

    send(data) {
      const frame = JSON.parse(data);
      if (frame.t === "block_action" && !agreed(frame)) return;
      super.send(data);
    }
  };
})();
