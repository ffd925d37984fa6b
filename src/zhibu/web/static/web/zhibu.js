// All of our own script. Every page works without it; it only makes some of them quicker and safer.
"use strict";

// ── 记录：草稿自动保存 ──────────────────────────────────────────────────────────────────────────
// What is typed lies in localStorage until the server has it, so that neither a closed browser nor a
// lost network takes it away. Without JavaScript the buttons of the form do the same by hand.
(() => {
  const form = document.querySelector("form[data-keep]");
  const mine = document.querySelector("form[data-keep]")?.dataset.keepFor;
  const PREFIX = "zhibu-draft:";
  const read = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  // Somebody else may have used this computer: their unsaved text is not ours to see.
  if (mine) for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}${mine}:`)) localStorage.removeItem(key);
  }
  // What was filed is safe: no copy of it stays here.
  for (const element of document.querySelectorAll("[data-settled]")) {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX) && key.endsWith(`:${element.dataset.settled}`)) localStorage.removeItem(key);
  }
  for (const element of document.querySelectorAll("[data-without-js]")) element.hidden = true;
  if (!form) return;

  const key = `${PREFIX}${mine}:${form.dataset.keep}`;
  const fields = () => [...new FormData(form)].filter(([, value]) => typeof value === "string");
  let changes = 0; // how often something was typed
  let sent = 0; // the count when the last request left
  let sentFields = fields();
  let retry = 0;

  const say = (text, bad) => {
    const state = document.getElementById("save-state");
    if (state) { state.textContent = text; state.classList.toggle("bad-news", Boolean(bad)); }
  };
  const keep = () => {
    const kept = fields().filter(([name]) => name !== "csrfmiddlewaretoken");
    try { localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields: kept })); } catch { /* full */ }
  };

  // What a closed browser left behind is offered, never put in by itself.
  let kept = read(key);
  const page = (name) => kept?.fields.find(([field]) => field === name)?.[1];
  // "page 7": the seventh change on that page reached the server, so nothing is left of it here.
  const [savedPage, savedTyped] = form.dataset.keepSaved.split(" ");
  if (kept && page("page_key") === savedPage && Number(page("typed")) <= Number(savedTyped)) {
    localStorage.removeItem(key);
    kept = null;
  }
  const offer = document.getElementById("kept");
  if (kept && offer) {
    offer.hidden = false;
    offer.querySelector("[data-kept-at]").textContent = new Date(kept.at).toLocaleString("zh-CN", { dateStyle: "long", timeStyle: "short" });
    offer.querySelector("[data-kept-drop]").addEventListener("click", () => { localStorage.removeItem(key); offer.hidden = true; });
    offer.querySelector("[data-kept-restore]").addEventListener("click", () => {
      // Sent as if the button had been pressed then: the server sees whether somebody wrote since.
      const again = document.createElement("form");
      again.method = "post";
      again.action = form.action;
      const token = ["csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value];
      for (const [name, value] of [...kept.fields, token, ["do", "restore"]]) {
        const field = document.createElement("textarea");
        field.name = name;
        field.value = value;
        again.append(field);
      }
      again.hidden = true;
      document.body.append(again);
      localStorage.removeItem(key);
      again.submit();
    });
  }

  form.addEventListener("input", () => { changes += 1; form.elements.typed.value = changes; say("正在编辑…"); keep(); });
  form.addEventListener("htmx:beforeRequest", () => { sent = changes; sentFields = fields(); say("正在保存…"); });
  form.addEventListener("htmx:afterRequest", (event) => {
    const saved = event.detail.xhr.getResponseHeader("X-Draft-Saved");
    if (saved) {
      clearTimeout(retry);
      if (changes === sent) localStorage.removeItem(key);
      beside.ask({ ask: "drop", key: form.dataset.keep });
      return;
    }
    if (event.detail.xhr.status === 0 || event.detail.xhr.status >= 500) {
      say("没有连上服务器，内容留在本机，连上后自动保存", true);
      const kept = fields().filter(([name]) => name !== "csrfmiddlewaretoken");
      beside.ask({ ask: "keep", item: { key: form.dataset.keep, record: form.dataset.keep, deed: "save", fields: kept, title: form.elements.topic?.value ?? "" } }).then((isKept) => { if (isKept) say("没有连上服务器，内容已存在本机，联网后自动提交", true); });
      clearTimeout(retry);
      retry = setTimeout(() => htmx.trigger(form, "keep-retry"), 15000);
    } else if (event.detail.xhr.status === 200) { // the page that asks who one is
      say("登录已过期，内容留在本机；请重新登录后回到本页恢复", true);
    }
  });
  window.addEventListener("online", () => { if (changes !== sent || localStorage.getItem(key)) htmx.trigger(form, "keep-retry"); });
  // An answer of 409 or 422 says something: it is shown like any other.
  form.addEventListener("htmx:beforeSwap", (event) => {
    if ([409, 422].includes(event.detail.xhr.status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  // When the fields are drawn anew, what was typed while the request was under way is put back.
  let typed = [];
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "record-body") return;
    const before = new Map(sentFields);
    typed = fields().filter(([name, value]) => before.has(name) && before.get(name) !== value && !["revision", "typed"].includes(name));
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "record-body") return;
    for (const element of document.querySelectorAll("[data-without-js]")) element.hidden = true;
    for (const [name, value] of typed) {
      const field = form.elements[name];
      if (field && "value" in field && field.type !== "checkbox") field.value = value;
    }
    typed = [];
    sentFields = fields();
  });
})();

// ── 年度安排表：手机上按月折叠 ──────────────────────────────────────────────────────────────────
// Only the month that counts is open at first. Without JavaScript all months are open.
(() => {
  const narrow = matchMedia("(max-width: 47.99rem)");
  const opened = new Set(); // kept while the table is drawn anew
  const set = (month, folded) => {
    month.classList.toggle("folded", folded);
    month.querySelector(".fold").setAttribute("aria-expanded", String(!folded));
    if (folded) opened.delete(month.id); else opened.add(month.id);
  };
  const fold = () => {
    const months = [...document.querySelectorAll(".plan-sheet tbody.month")];
    if (!narrow.matches || !months.length || months[0].querySelector(".fold")) return;
    const goal = location.hash && document.getElementById(location.hash.slice(1));
    const first = months.find((month) => goal && month.contains(goal))
      ?? months.find((month) => month.classList.contains("current")) ?? months[0];
    if (!opened.size) opened.add(first.id);
    for (const month of months) {
      const head = month.querySelector("th");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "fold";
      button.append(...head.childNodes);
      head.append(button);
      set(month, !opened.has(month.id) && !month.querySelector("[autofocus], [data-following]"));
    }
  };
  const reveal = () => {
    const goal = location.hash && document.getElementById(location.hash.slice(1));
    const month = goal && goal.closest("tbody.month");
    if (month?.querySelector(".fold")) { set(month, false); goal.scrollIntoView(); }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".fold");
    if (button) { const month = button.closest("tbody"); set(month, !month.classList.contains("folded")); return; }
    // The same anchor twice is no change of the address.
    const link = event.target.closest("#plan a[href^='#']");
    if (link) setTimeout(reveal);
  });
  window.addEventListener("hashchange", reveal);
  document.body.addEventListener("htmx:afterSettle", fold);
  fold();
})();

// ── 登录：通行密钥、打印 ────────────────────────────────────────────────────────────────────────
// The ceremony itself is the library's script; here is what it has to say when it fails.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const gone = event.detail.exception?.name === "NotAllowedError";
  const note = document.createElement("p");
  note.className = "notice error";
  note.textContent = gone ? "没有完成，请重试。本机没有通行密钥的，请用密码登录。" : "这个浏览器不能使用通行密钥，请换一种方式。";
  document.getElementById("messages").replaceChildren(note);
});
for (const button of document.querySelectorAll("[data-print]")) { button.hidden = false; button.addEventListener("click", () => print()); }

// ── 检索：在任何页面按“/”键 ─────────────────────────────────────────────────────────────────────
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector(".search input[type='search']");
  event.preventDefault();
  if (field) { field.focus(); field.select(); } else document.querySelector("[data-search]")?.click();
});

// ── 手机：离线记录 ──────────────────────────────────────────────────────────────────────────────
// The worker beside the pages (worker.js) keeps what could not be sent, and sends it. Here is what
// people see of it, and who they are. Without it (no HTTPS, an old browser) nothing else changes.
const beside = (() => {
  const { worker, person, session, branch, branchName } = document.body.dataset;
  const shelf = navigator.serviceWorker;
  if (!worker || !shelf || !window.isSecureContext) return { ask: async () => undefined };
  const ask = async (what) => {
    const { active } = await shelf.ready;
    return new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = (event) => done(event.data);
      active.postMessage(what, [port2]);
    });
  };
  const say = (text, address, bad) => {
    const messages = document.getElementById("messages");
    if (messages.textContent.includes(text)) return; // two may have been told the same
    const note = document.createElement("p");
    note.className = `notice ${bad ? "warning" : "success"}`;
    note.textContent = text;
    if (address) { const link = document.createElement("a"); link.href = address; link.textContent = "查看"; note.append(" ", link); }
    messages.append(note);
  };
  let again = 0;
  shelf.addEventListener("message", (event) => {
    for (const { state, said, title, address } of event.data.outcomes ?? []) {
      if (state === "sign-in") { if (!person) say("本机有待提交的内容，登录后自动提交。", "", true); continue; }
      if (state === "waiting") { clearTimeout(again); again = setTimeout(() => ask({ ask: "send" }), 15000); continue; }
      say(`离线填写的“${title || "记录"}”：${said}`, address, state !== "filed");
    }
    document.dispatchEvent(new Event("later-changed"));
  });
  shelf.register(worker).then(async () => {
    // A session lasts so long at most: after that this device asks who is there.
    if (person) await ask({ ask: "who", who: { person, branch, branchName, until: Date.now() + Number(session) * 1000 } });
    if (navigator.onLine) await ask({ ask: "send" });
    document.dispatchEvent(new Event("later-changed"));
  }).catch(() => { /* a page without the worker is a page as before */ });
  window.addEventListener("online", () => ask({ ask: "send" }));
  return { ask };
})();
(() => {
  const form = document.getElementById("later-form");
  if (!form) return;
  const list = document.getElementById("later-kept");
  const state = document.getElementById("later-state");
  const STATES = { waiting: "已存在本机，联网后提交", conflict: "与他人的修改有冲突，请核对", refused: "未能提交" };
  // A key like those of the server: by time, so that records lie in their order.
  const newKey = () => { const at = Date.now().toString(16).padStart(12, "0"); return `${at.slice(0, 8)}-${at.slice(8)}-7${crypto.randomUUID().slice(15)}`; };
  let key = "";
  const clear = () => { key = ""; form.reset(); const now = new Date(); form.elements.day.value = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10); };
  const button = (text, act) => { const made = document.createElement("button"); made.type = "button"; made.className = "small"; made.textContent = text; made.addEventListener("click", act); return made; };
  const open = (item) => {
    clear();
    key = item.key;
    for (const [name, value] of item.fields) for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) if (field.type === "checkbox") field.checked ||= field.value === value; else field.value = value;
    form.scrollIntoView();
  };
  const row = (item) => {
    const line = document.createElement("li");
    const text = document.createElement("span");
    text.className = "grow";
    const hint = document.createElement("span");
    hint.className = "hint";
    const at = new Date(item.at).toLocaleString("zh-CN", { dateStyle: "long", timeStyle: "short" });
    hint.textContent = `${at} · ${STATES[item.state]}${item.said ? `：${item.said}` : ""}`;
    text.append(item.title || "未填写主题", document.createElement("br"), hint);
    line.append(text);
    if (item.deed.startsWith("new") && item.state === "waiting") line.append(button("修改", () => open(item)));
    if (item.address) { const link = document.createElement("a"); link.className = "button small"; link.href = item.address; link.textContent = "打开核对"; line.append(link); }
    const drop = button("删去", () => { if (drop.dataset.sure) beside.ask({ ask: "drop", key: item.key }).then(show); else { drop.dataset.sure = "1"; drop.textContent = "确认删去"; } });
    line.append(drop);
    return line;
  };
  const show = async () => {
    const { who, items = [] } = (await beside.ask({ ask: "list" })) ?? {};
    form.hidden = !who?.branch;
    list.hidden = !items.length;
    list.querySelector("ul").replaceChildren(...items.map(row));
    document.getElementById("later-branch").textContent = who?.branchName ?? "";
    const says = who?.branch ? "没有网络也可以写：内容只存在本机，联网后自动提交，只提交一次。" : "请先联网登录，再在这里写记录；存在本机的内容由本人登录后提交。";
    document.getElementById("later-says").textContent = items.length && who ? `已存在本机${items.length}份，联网后提交。` : says;
  };
  document.addEventListener("later-changed", show);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const deed = event.submitter?.value ?? "new";
    if (!form.elements.topic.value.trim()) { state.textContent = "请填写议题（主题）。"; form.elements.topic.focus(); return; }
    key ||= newKey();
    // What nobody filled in is what the server knows already.
    const fields = [...new FormData(form)].filter(([, value]) => value.trim());
    const { who } = await beside.ask({ ask: "list" });
    const item = { key, submission: key, deed, branch: who?.branch, fields, title: form.elements.topic.value.trim() };
    const isKept = await beside.ask({ ask: "keep", item });
    state.textContent = isKept ? "已存在本机，联网后提交。" : "没有存下，请不要关闭本页，联网登录后再试。";
    if (!isKept) return;
    clear();
    await show();
    scrollTo(0, 0);
    if (navigator.onLine) beside.ask({ ask: "send" });
  });
  clear();
  show();
})();
