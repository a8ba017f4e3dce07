// Puts newer versions of the page in place of what is shown. Only what changed is touched, so that focus, selection and the
// place of a screen reader stay; ages are counted silently, and only a new state and a lost connection are announced.
"use strict";

const LOOK_INTERVAL_MS = 3000;
const LOOK_TIMEOUT_MS = 10000;

let seenAt = performance.now() - Number(document.body.dataset.ageMs);
let reachedAt = new Date();

function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) return;
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const name of fresh.getAttributeNames()) {
    const value = fresh.getAttribute(name);
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const here = [...old.childNodes];
  const there = [...fresh.childNodes];
  there.forEach((node, at) => {
    if (at < here.length) morph(here[at], node);
    else old.append(document.importNode(node, true));
  });
  here.slice(there.length).forEach((node) => node.remove());
}

function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function showAge() {
  const age = document.getElementById("age");
  const text = `${span(Math.max(0, Math.round((performance.now() - seenAt) / 1000)))} ago`;
  if (age && age.textContent !== text) age.textContent = text;
}

function word() {
  return document.getElementById("whole-state")?.dataset.state ?? "";
}

function say(id, text) {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
}

function put(fresh) {
  const before = word();
  // An age that was counted here is not a change.
  const age = fresh.getElementById("age");
  if (age) age.textContent = document.getElementById("age")?.textContent ?? age.textContent;
  for (const part of ["header", "main"]) morph(document.querySelector(part), fresh.querySelector(part));
  document.body.classList.remove("stale");
  if (document.title !== fresh.title) document.title = fresh.title;
  if (fresh.body.dataset.ageMs !== undefined) seenAt = performance.now() - Number(fresh.body.dataset.ageMs);
  reachedAt = new Date();
  if (before !== "" && before !== word()) {
    say("announcement", `Migration: ${document.getElementById("whole-state").lastChild.data.trim()}`);
  }
}

async function look() {
  try {
    const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    put(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    document.body.classList.add("stale");
    const at = reachedAt.toISOString().slice(0, 19).replace("T", " ");
    say("notice", `Stale since ${at} UTC: the console can't be reached. What is shown may not be so any more.`);
  }
  showAge();
  setTimeout(look, LOOK_INTERVAL_MS);
}

setInterval(showAge, 1000);
setTimeout(look, LOOK_INTERVAL_MS);
showAge();
