// Keeps the page up to date while it is seen: fetches it again and puts in the parts that changed
// (elements with data-live). Everything works without it.
"use strict";

(() => {
  const EVERY_MS = 2000;
  const SLOWEST_MS = 30000;
  const button = document.getElementById("live");
  if (!button || !document.querySelector("[data-live]")) return;

  let live = sessionStorage.getItem("live") !== "off";
  let wait = EVERY_MS;
  let timer = 0;
  let pressed = false;
  // Each part as the server last gave it.
  const given = new Map();
  for (const part of document.querySelectorAll("[data-live][id]")) given.set(part.id, part.outerHTML);

  const show = (word) => {
    button.hidden = false;
    button.textContent = word;
    button.setAttribute("aria-pressed", String(live));
    button.title = live ? "Stop updating this page" : "Keep this page up to date";
  };

  // What a person has opened or stands on stays so.
  const replace = (old, fresh) => {
    for (const opened of old.querySelectorAll("details[open][id]")) {
      const same = fresh.querySelector(`#${CSS.escape(opened.id)}`);
      if (same) same.open = true;
    }
    const focus = old.contains(document.activeElement) ? document.activeElement.id : "";
    const scrolled = [...old.querySelectorAll(".wide")].map((part) => part.scrollLeft);
    old.replaceWith(fresh);
    fresh.querySelectorAll(".wide").forEach((part, n) => {
      part.scrollLeft = scrolled[n] ?? 0;
    });
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  };

  const update = async () => {
    const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    // The session has ended, or the job is gone: the page itself says so.
    if (answer.type === "opaqueredirect" || answer.status === 404) return location.reload();
    if (!answer.ok) {
      const seconds = Number(answer.headers.get("retry-after")) || 0;
      wait = Math.min(SLOWEST_MS, Math.max(seconds * 1000, wait * 2));
      return show("Not reachable");
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    // A button that is being pressed must not be taken from under the finger.
    if (!live || document.hidden || pressed) return;
    const selection = getSelection();
    for (const old of document.querySelectorAll("[data-live][id]")) {
      const part = fresh.getElementById(old.id);
      if (!part || part.outerHTML === given.get(old.id)) continue;
      if (!selection.isCollapsed && old.contains(selection.anchorNode)) continue;
      given.set(old.id, part.outerHTML);
      replace(old, document.importNode(part, true));
    }
    wait = EVERY_MS;
    show("Live");
  };

  const next = () => {
    clearTimeout(timer);
    if (!live || document.hidden) return;
    timer = setTimeout(async () => {
      try {
        await update();
      } catch {
        wait = Math.min(SLOWEST_MS, wait * 2);
        show("Not reachable");
      }
      next();
    }, wait);
  };

  button.addEventListener("click", () => {
    live = !live;
    sessionStorage.setItem("live", live ? "on" : "off");
    wait = live ? 0 : EVERY_MS;
    show(live ? "Live" : "Stopped");
    next();
  });
  document.addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => { pressed = false; });
  }
  document.addEventListener("visibilitychange", next);
  show(live ? "Live" : "Stopped");
  next();
})();
