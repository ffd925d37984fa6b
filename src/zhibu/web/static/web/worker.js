// Works beside the pages, with a network or without: shows the page 离线记录 where there is none, and
// keeps what was written for the server until the server has it. `SHELL` is put before this file by
// `zhibu.web.views.mobile`. No page that shows anybody's data is ever kept here: only our own static
// files and the empty page. What was written is bound to the person who wrote it.
"use strict";

const CACHE = `zhibu-${SHELL.version}`;
const PATIENCE = 20000; // milliseconds until an answer counts as lost; sending twice does no harm

// ── What lies on this device ───────────────────────────────────────────────────────────────────
const openStore = () => new Promise((done, fail) => {
  const request = indexedDB.open("zhibu", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("items", { keyPath: "key" });
    request.result.createObjectStore("facts");
  };
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});
const within = async (name, mode, act) => {
  const db = await openStore();
  try {
    return await new Promise((done, fail) => {
      const transaction = db.transaction(name, mode);
      const request = act(transaction.objectStore(name));
      transaction.oncomplete = () => done(request?.result);
      transaction.onerror = transaction.onabort = () => fail(transaction.error);
    });
  } finally { db.close(); }
};
// Who is at this device: said by each page of somebody signed in, good as long as a session lasts.
const whoIsHere = async () => {
  const who = await within("facts", "readonly", (store) => store.get("who"));
  return who && who.until > Date.now() ? who : null;
};
const forgetWho = () => within("facts", "readwrite", (store) => store.delete("who"));
const allItems = () => within("items", "readonly", (store) => store.getAll());
const put = (item) => within("items", "readwrite", (store) => store.put(item));
const drop = (key) => within("items", "readwrite", (store) => store.delete(key));
// Only as it was sent: what was written meanwhile is still to be sent.
const dropAsSent = (item) => within("items", "readwrite", (store) => {
  const request = store.get(item.key);
  request.onsuccess = () => { if (request.result?.at === item.at) store.delete(item.key); };
});

const keep = async (item) => {
  const who = await whoIsHere();
  if (!who) return false;
  const older = await within("items", "readonly", (store) => store.get(item.key));
  if (older && older.person !== who.person) return false;
  // What was meant to be filed is saved again on its way there, not instead.
  const deed = older?.deed === "file" && item.deed === "save" ? "file" : item.deed;
  const submission = item.submission ?? older?.submission ?? crypto.randomUUID();
  await put({ ...item, deed, submission, person: who.person, at: Date.now(), state: "waiting", said: "" });
  await registration.sync?.register("later").catch(() => {});
  return true;
};

// ── Sending it ─────────────────────────────────────────────────────────────────────────────────
const tell = async (outcomes) => {
  if (outcomes.length) for (const client of await clients.matchAll()) client.postMessage({ outcomes });
  return outcomes;
};
const send = () => navigator.locks.request("zhibu-later", async () => {
  const items = await allItems();
  if (!items.length) return [];
  const desk = await askDesk();
  if (!desk.person) return (await whoIsHere()) ? tell([{ state: desk.state }]) : [];
  const outcomes = [];
  for (const item of items) {
    if (item.person !== desk.person || item.state !== "waiting") continue;
    outcomes.push(await deliver(item, desk));
  }
  return tell(outcomes);
});
const askDesk = async () => {
  try {
    const answer = await fetch(SHELL.later, { signal: AbortSignal.timeout(PATIENCE) });
    if (isData(answer) && !answer.redirected) return await answer.json();
    return { state: answer.status >= 500 ? "waiting" : "sign-in" };
  } catch { return { state: "waiting" }; }
};
const isData = (answer) => answer.ok && (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
const deliver = async (item, desk) => {
  const body = new FormData();
  for (const [name, value] of item.fields) body.append(name, value);
  for (const name of ["deed", "submission", "person", "record", "branch"]) body.set(`later-${name}`, item[name] ?? "");
  const outcome = { key: item.key, title: item.title };
  try {
    const answer = await fetch(SHELL.later, { method: "POST", body, headers: { "X-CSRFToken": desk.token }, signal: AbortSignal.timeout(PATIENCE) });
    if (!isData(answer) || answer.redirected) return { ...outcome, state: answer.status >= 500 ? "waiting" : "sign-in" };
    Object.assign(outcome, await answer.json());
  } catch { return { ...outcome, state: "waiting" }; }
  if (["filed", "draft"].includes(outcome.state)) await dropAsSent(item);
  else if (outcome.state !== "waiting") await put({ ...item, state: outcome.state, said: outcome.said, address: outcome.address });
  return outcome;
};

// ── Pages and files ────────────────────────────────────────────────────────────────────────────
const offlinePage = async () => (await caches.match(SHELL.offline)) ?? Response.error();
const showPage = async (request, path) => {
  try {
    const answer = await fetch(request);
    if (path !== SHELL.offline || answer.status < 500) return answer;
  } catch { /* no network */ }
  return offlinePage();
};
const showFile = async (request) => {
  try {
    const answer = await fetch(request);
    if (answer.ok) (await caches.open(CACHE)).put(request, answer.clone());
    return answer;
  } catch { return (await caches.match(request, { ignoreSearch: true })) ?? Response.error(); }
};
// The form of a record that is sent and does not arrive is kept, and sent when there is a network.
const sendForm = async (request, [, record, act]) => {
  const copy = request.clone();
  const late = new Promise((done) => { setTimeout(done, PATIENCE); });
  const answer = await Promise.race([fetch(request).catch(() => null), late]);
  if (answer && answer.status < 500) return answer;
  const form = await copy.formData();
  const deed = act === "file" ? "filing" : form.get("do") === "file" ? "file" : "save";
  const fields = [...form].filter(([name, value]) => typeof value === "string" && !["csrfmiddlewaretoken", "do"].includes(name));
  const isKept = !["resolve", "keep-mine", "take-theirs"].includes(form.get("do"))
    && await keep({ key: record, record, deed, fields, title: form.get("topic") ?? "", submission: form.get("submission") ?? undefined });
  return isKept ? Response.redirect(`${SHELL.offline}#kept`, 303) : (answer ?? offlinePage());
};

addEventListener("install", (event) => {
  const shell = [SHELL.offline, ...SHELL.files].map((address) => new Request(address, { credentials: "omit", cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(shell)).then(() => skipWaiting()));
});
addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("zhibu-") && name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => clients.claim()));
});
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === "GET" && pathname.startsWith(SHELL.statics)) event.respondWith(showFile(request));
  if (request.mode !== "navigate") return;
  if (request.method === "GET") { event.respondWith(showPage(request, pathname)); return; }
  if (pathname === SHELL.signOut) event.waitUntil(forgetWho());
  const form = new RegExp(SHELL.forms).exec(pathname);
  if (form) event.respondWith(sendForm(request, form));
});
addEventListener("sync", (event) => {
  event.waitUntil(send().then((outcomes) => { if (outcomes.some((one) => one.state === "waiting")) throw new Error("later"); }));
});
const ANSWERS = {
  who: ({ who }) => within("facts", "readwrite", (store) => store.put(who, "who")),
  keep: ({ item }) => keep(item),
  drop: ({ key }) => drop(key),
  send: () => send(),
  list: async () => {
    const who = await whoIsHere();
    return { who, items: who ? (await allItems()).filter((item) => item.person === who.person) : [] };
  },
};
addEventListener("message", (event) => {
  event.waitUntil(ANSWERS[event.data.ask](event.data).then((answer) => event.ports[0]?.postMessage(answer)));
});
