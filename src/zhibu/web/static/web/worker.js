// Works beside the pages where there is HTTPS: without a network it shows the empty page 离线记录.
// `SHELL` is put before this file by `zhibu.web.views.mobile`. No page that shows anybody's data is ever
// kept here: only our own static files and the empty page. What is written lies with the page (zhibu.js).
"use strict";

const CACHE = `zhibu-${SHELL.version}`;

const fill = async () => {
  const asNobody = { credentials: "omit", cache: "reload" };
  const shell = [SHELL.offline, ...SHELL.files].map((address) => new Request(address, asNobody));
  await (await caches.open(CACHE)).addAll(shell);
  await skipWaiting();
};
const takeOver = async () => {
  const old = (await caches.keys()).filter((name) => name.startsWith("zhibu-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
};
const answerTo = async (request) => {
  const kept = await caches.match(request, { ignoreSearch: true });
  try {
    const answer = await fetch(request);
    return kept && answer.status >= 500 ? kept : answer;
  } catch {
    return kept ?? (request.mode === "navigate" ? caches.match(SHELL.offline) : Response.error());
  }
};

addEventListener("install", (event) => event.waitUntil(fill()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const isOurs = mode === "navigate" || new URL(url).pathname.startsWith(SHELL.statics);
  if (method === "GET" && isOurs) event.respondWith(answerTo(event.request));
});
