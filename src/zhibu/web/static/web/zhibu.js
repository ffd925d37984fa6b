// Our own script for the pages. Every page works without it; it only makes some quicker and safer.
"use strict";

const byId = (id) => document.getElementById(id);
const PAGE = document.body.dataset; // person, branch … as the server says

const tell = (text, tone, address = "") => {
  if (byId("messages").textContent.includes(text)) return;
  const note = byId("note").content.firstElementChild.cloneNode(true);
  const link = note.querySelector("a");
  note.classList.add(tone);
  note.querySelector("span").textContent = text;
  if (address) link.href = address; else link.remove();
  byId("messages").append(note);
};
const say = (text, isBad = false) => {
  byId("save-state")?.replaceChildren(text);
  byId("save-state")?.classList.toggle("bad-news", isBad);
};
const sayWhen = (at) => new Date(at).toLocaleString("zh-CN", { dateStyle: "long", timeStyle: "short" });
// A key like those of the server: by time, so that records lie in their order.
const newKey = () => {
  const at = Date.now().toString(16).padStart(12, "0");
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  const rest = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${at.slice(0, 8)}-${at.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6)}`;
};

// ── 存在本机的内容 ──────────────────────────────────────────────────────────────────────────────
// What the server does not have yet lies in localStorage under the person who wrote it, with HTTPS or
// without: `typed` while it is being written, `waiting` when it was sent and did not arrive, `conflict`
// or `refused` when the server said so. Nobody else sees or sends it.
const read = (name) => JSON.parse(localStorage.getItem(`zhibu:${name}`));
const drop = (name) => localStorage.removeItem(`zhibu:${name}`);
const write = (name, value) => {
  try { localStorage.setItem(`zhibu:${name}`, JSON.stringify(value)); return true; } catch { return false; }
};
// Who is at this device: said by each page of somebody signed in, good as long as a session lasts.
const whoIsHere = () => { const who = read("who"); return who?.until > Date.now() ? who : null; };
const writer = () => PAGE.person ?? whoIsHere()?.person;
const nameOf = (key, owner = writer()) => `item:${owner}:${key}`;
const allItems = () => Object.keys(localStorage).filter((name) => name.startsWith("zhibu:item:"))
  .map((name) => read(name.slice(6))).sort((one, other) => one.at - other.at);
const keep = (item) => {
  const submission = item.submission ?? read(nameOf(item.key))?.submission ?? newKey();
  const kept = { ...item, submission, person: writer(), at: Date.now(), said: "" };
  return Boolean(kept.person) && write(nameOf(item.key), kept);
};
if (PAGE.person) write("who", { ...PAGE, until: Date.now() + Number(PAGE.session) * 1000 });
else if (!byId("later-form")) drop("who");
document.addEventListener("submit", ({ target }) => { if (target.matches(".leave")) drop("who"); });

// ── 提交存在本机的内容 ──────────────────────────────────────────────────────────────────────────
const ask = async (body, token = "") => {
  const [method, signal] = [body ? "POST" : "GET", AbortSignal.timeout(20000)]; // then it counts as lost
  try {
    const answer = await fetch(PAGE.later, { method, body, signal, headers: { "X-CSRFToken": token } });
    const isData = answer.headers.get("Content-Type")?.startsWith("application/json");
    if (answer.ok && isData && !answer.redirected) return await answer.json();
    return { state: answer.status >= 500 ? "waiting" : "sign-in" };
  } catch { return { state: "waiting" }; }
};
// The form that is open here saves itself, or offers what an earlier page left.
const openForm = () => document.querySelector("form[data-keep]");
const isOpenHere = (item) => item.deed === "save" && byId("record-form")?.dataset.keep === item.record;
const isToSend = (item) => item.state === "waiting" && item.person === (writer() ?? item.person) && !isOpenHere(item);
const deliver = async (item, token) => {
  const name = nameOf(item.key, item.person);
  const body = new FormData();
  for (const field of item.fields) body.append(...field);
  for (const fact of ["deed", "submission", "person", "record", "branch"]) body.set(`later-${fact}`, item[fact] ?? "");
  const { state, said, address } = await ask(body, token);
  if (["waiting", "sign-in"].includes(state) || read(name)?.at !== item.at) return; // or written on meanwhile
  if (["filed", "draft"].includes(state)) drop(name); else write(name, { ...item, state, said, address });
  tell(`离线填写的“${item.title || "记录"}”：${said}`, state === "filed" ? "success" : "warning", address);
  if (state === "filed" && openForm()?.dataset.keep === item.record) byId("main").replaceChildren(byId("messages"));
};
let again = 0;
const sendAll = async () => {
  if (!allItems().some(isToSend)) return;
  const { state, person, token } = await ask();
  if (state === "sign-in" && !PAGE.person) tell("本机有待提交的内容，由本人登录后自动提交。", "warning");
  for (const item of allItems().filter(isToSend)) if (item.person === person) await deliver(item, token);
  if (state !== "sign-in" && allItems().some(isToSend)) retry();
};
// One tab at a time; where there are no locks (without HTTPS) the server still takes each thing once.
const send = async () => {
  showKept();
  await (navigator.locks ? navigator.locks.request("zhibu-later", sendAll) : sendAll());
  showKept();
};
const resume = () => {
  if (changes && read(nameOf(keyOf(openForm())))?.deed === "save") htmx.trigger("#autosave", "keep-retry");
  send();
};
const retry = () => { clearTimeout(again); again = setTimeout(resume, 15000); };
window.addEventListener("online", resume);
window.addEventListener("storage", () => showKept());

// ── 记录：草稿自动保存，提交不到的存在本机 ──────────────────────────────────────────────────────
const fieldsOf = (form) => [...new FormData(form)]
  .filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
// Each page of a record keeps its own, so that none writes over what another left.
const keyOf = (form) => `${form?.dataset.keep}-${form?.elements.page_key?.value ?? form?.dataset.deed}`;
const keepForm = (form, change) => {
  const { keep: record, deed = "save", title = form.elements.topic.value } = form.dataset;
  const submission = form.elements.submission?.value;
  return keep({ key: keyOf(form), record, deed, title, submission, fields: fieldsOf(form), ...change });
};
let changes = 0; // how often something was typed
let sent = { changes: 0, fields: new Map() }; // what the last request took along
let isLeaving = false; // the next page is on its way

document.addEventListener("input", ({ target }) => {
  const form = target.closest("#record-form");
  if (!form) return;
  form.elements.typed.value = changes += 1;
  say("正在编辑…");
  for (const item of leftOf(form)) if (item.deed === "file") write(nameOf(item.key), { ...item, deed: "save" });
  keepForm(form, { state: "typed", submission: newKey() }); // whoever goes on writing files by hand
});
document.addEventListener("htmx:confirm", (event) => {
  const form = event.target.closest("#record-form");
  // The button that was pressed saves as well.
  const isPressed = event.target.id === "autosave" && read(nameOf(keyOf(form)))?.deed === "file";
  if (form && (isLeaving || isPressed)) event.preventDefault();
});
document.addEventListener("htmx:beforeRequest", ({ target }) => {
  const form = target.closest("form[data-keep]");
  if (!form) return;
  sent = { changes, fields: new Map(fieldsOf(form)) };
  say(form.dataset.deed ? "正在归档…" : "正在保存…");
});
document.addEventListener("htmx:afterRequest", ({ target, detail: { xhr } }) => {
  const form = target.closest("form[data-keep]");
  if (!form || [409, 422].includes(xhr.status)) return;
  isLeaving = Boolean(xhr.getResponseHeader("HX-Redirect"));
  setTimeout(() => { isLeaving = false; }, 3000); // it may never come, or be left again by “back”
  if (xhr.getResponseHeader("X-Draft-Saved")) {
    if (changes === sent.changes) drop(nameOf(keyOf(form)));
  } else if (!isLeaving) keepUnsent(form, target, xhr.status);
});
const keepUnsent = (form, button, status) => {
  const deed = form.dataset.deed ?? (button.value === "file" ? "file" : "save");
  const isLost = status === 0 || status >= 500;
  changes += 1; // there is something to be sent, even if nothing was typed
  if (!keepForm(form, { deed, state: "waiting" })) say("没有提交，本机也没有存下，请不要关闭本页。", true);
  else if (!isLost) say("没有提交，内容已存在本机。登录已过期的，请刷新本页重新登录，再恢复内容；附件、文字过多的，请减少后再试。", true);
  else say(`没有连上服务器，内容已存在本机，联网后自动${deed === "save" ? "保存" : "归档"}。`, true);
  if (isLost) retry();
};
// When the fields are drawn anew, which is done at once, what was typed meanwhile is put back.
document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  if (target.id !== "record-body") return;
  const isLate = ([name, value]) => name !== "revision" && value !== (sent.fields.get(name) ?? value);
  const late = fieldsOf(openForm()).filter(isLate);
  queueMicrotask(() => {
    const fields = openForm().elements;
    for (const [name, value] of late) if (fields[name] && fields[name].type !== "checkbox") fields[name].value = value;
  });
});
// What a closed browser left behind is offered, the oldest first, never put in by itself.
const leftOf = (form) => allItems().filter((item) => item.record === form.dataset.keep && item.person === writer()
  && ["save", "file"].includes(item.deed) && item.key !== keyOf(form));
const offerKept = (form, offer) => {
  // "page 7": the seventh change on that page reached the server, so nothing is left of it here.
  const [page, typed] = form.dataset.keepSaved.split(" ");
  const saved = nameOf(`${form.dataset.keep}-${page}`);
  if (Number(Object.fromEntries(read(saved)?.fields ?? []).typed) <= Number(typed)) drop(saved);
  if (!changes && read(nameOf(keyOf(form)))) form.elements.page_key.value = newKey(); // a page gone back to
  const item = leftOf(form).find(({ deed, state }) => deed === "save" || state !== "waiting");
  offer.hidden = !item;
  if (item) offer.querySelector("[data-kept-at]").textContent = sayWhen(item.at);
  offer.onreset = () => { drop(nameOf(item.key)); offerKept(form, offer); };
  // Sent as if the button had been pressed then: the server sees whether somebody wrote since.
  offer.onformdata = ({ formData }) => item.fields.forEach((field) => formData.append(...field));
};
if (byId("record-form")) offerKept(byId("record-form"), byId("kept"));
// What was filed is safe: no copy of it stays here.
const settled = document.querySelector("[data-settled]")?.dataset.settled;
for (const item of allItems()) if (item.record === settled && item.state === "typed") drop(nameOf(item.key));

// ── 手机：离线记录 ──────────────────────────────────────────────────────────────────────────────
const later = byId("later-form");
let key = ""; // of the record that is open in the form
const beginAnew = () => {
  later.reset();
  later.elements.day.value = new Date().toLocaleDateString("sv"); // as a date field writes it
  key = newKey();
};
const openAgain = (item) => {
  beginAnew();
  key = item.key;
  for (const field of later.elements) {
    const given = item.fields.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox") field.checked = given.includes(field.value);
    else if (given.length) [field.value] = given;
  }
  later.scrollIntoView();
};
const rowOf = (item) => {
  const row = byId("later-row").content.firstElementChild.cloneNode(true);
  const [edit, look] = [row.querySelector("[data-edit]"), row.querySelector("[data-look]")];
  row.querySelector("[data-title]").textContent = item.title || "未填写主题";
  const state = row.querySelector("[data-waiting]");
  state.textContent = `${sayWhen(item.at)} · ${state.dataset[item.state]}${item.said && `：${item.said}`}`;
  edit.hidden = !item.deed.startsWith("new") || item.state !== "waiting";
  edit.addEventListener("click", () => openAgain(item));
  if (item.address) look.href = item.address; else look.remove();
  row.querySelector("[data-drop]").addEventListener("click", () => { drop(nameOf(item.key)); showKept(); });
  return row;
};
const showKept = () => {
  if (!later) return;
  const who = whoIsHere();
  const items = allItems().filter((item) => item.person === who?.person && item.state !== "typed");
  later.hidden = !who?.branch;
  byId("later-kept").hidden = !items.length;
  byId("later-kept").querySelector("ul").replaceChildren(...items.map(rowOf));
  byId("later-branch").textContent = who?.branchName ?? "";
  const when = items.length ? "waiting" : who?.branch ? "writing" : "nobody";
  for (const says of document.querySelectorAll("[data-when]")) says.hidden = says.dataset.when !== when;
};
later?.addEventListener("submit", (event) => {
  event.preventDefault();
  const [title, deed] = [later.elements.topic.value.trim(), event.submitter?.value ?? "new"];
  // What nobody filled in is what the server knows already.
  const fields = fieldsOf(later).filter(([, value]) => value.trim());
  const isKept = keep({ key, submission: key, deed, branch: whoIsHere()?.branch, fields, title, state: "waiting" });
  byId("later-state").textContent = isKept ? "已存在本机，联网后提交。" : "没有存下，请不要关闭本页，联网登录后再试。";
  if (!isKept) return;
  beginAnew();
  scrollTo(0, 0);
  send();
});
if (later) beginAnew();
send();
navigator.serviceWorker?.register(PAGE.worker).catch(() => { /* a page without the worker is a page as before */ });

// ── 年度安排表：点到的事项，所在月份展开 ────────────────────────────────────────────────────────
const reveal = (hash) => {
  const goal = hash && byId(hash.slice(1));
  const fold = goal && goal.closest(".month")?.querySelector(".fold input");
  if (fold) { fold.checked = true; goal.scrollIntoView(); }
};
window.addEventListener("hashchange", () => reveal(location.hash));
document.addEventListener("click", ({ target }) => reveal(target.closest("#plan a[href^='#']")?.hash));
reveal(location.hash);

// ── 登录：通行密钥；打印；检索：在任何页面按“/”键 ─────────────────────────────────────────────
// The ceremony itself is the library's script; here is what it has to say when it fails.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const isStopped = event.detail.exception?.name === "NotAllowedError";
  byId("messages").replaceChildren();
  tell(isStopped ? "没有完成，请重试。本机没有通行密钥的，请用密码登录。" : "这个浏览器不能使用通行密钥，请换一种方式。", "error");
});
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
  const field = document.querySelector(".search input[type='search']");
  event.preventDefault();
  if (field) field.select(); else document.querySelector("[data-search]")?.click();
});
