// Keys for the whole page. Every view works without this file; it only saves the way to the mouse.
"use strict";

(() => {
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
  let at = -1;
  let going = false;

  function move(step) {
    const all = rows();
    if (!all.length) return;
    at = Math.max(0, Math.min(all.length - 1, at + step));
    all.forEach((row, i) => row.classList.toggle("current", i === at));
    const link = all[at].querySelector("a");
    (link || all[at]).focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  }

  let difference = 0;
  function jump(step) {
    const marks = document.querySelectorAll("[id^='d'][data-diff]");
    if (!marks.length) return;
    difference = Math.max(1, Math.min(marks.length, difference + step));
    document.querySelectorAll(".current-diff").forEach((mark) => mark.classList.remove("current-diff"));
    document.querySelectorAll(`[data-diff="${difference}"]`).forEach((mark) => mark.classList.add("current-diff"));
    const mark = document.getElementById(`d${difference}`);
    mark.closest("details")?.setAttribute("open", "");
    mark.scrollIntoView({ block: "center" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    const judge = document.querySelector(`[data-judge="${CSS.escape(event.key)}"]`);
    if (judge && !going) {
      event.preventDefault();
      judge.click();
      return;
    }
    if (going) {
      going = false;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    const key = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (key) {
      event.preventDefault();
      key.matches("input") ? key.select() : key.click();
    } else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "n") jump(1);
    else if (event.key === "p") jump(-1);
    else if (event.key === "g") {
      going = true;
      setTimeout(() => { going = false; }, 1500);
    }
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog).showModal();
  });
})();
