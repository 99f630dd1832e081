(function () {
  "use strict";
  const readout = document.getElementById("readout");

  // The figures of a mark: a pointer shows them; so do Tab, which goes to a picture, and the arrows within it.
  if (readout) {
    readout.hidden = false;
    const show = (event) => {
      const mark = event.target.closest("[data-description]");
      if (mark) { readout.textContent = mark.dataset.description; }
    };
    // Not "pointerover": scrolling fires it under a pointer that rests, over what the keyboard has asked for.
    document.addEventListener("pointermove", show);
    document.addEventListener("focusin", show);
    for (const picture of document.querySelectorAll("[data-marks]")) {
      const marks = [...picture.querySelectorAll("[data-description]")];
      marks.forEach((mark, i) => mark.setAttribute("tabindex", i === 0 ? "0" : "-1"));
      picture.addEventListener("keydown", (event) => {
        const at = marks.indexOf(event.target);
        const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
        const next = marks[at + step];
        if (at < 0 || !step) { return; }
        event.preventDefault();
        if (!next) { return; }
        marks[at].setAttribute("tabindex", "-1");
        next.setAttribute("tabindex", "0");
        next.focus();
      });
    }
  }

  // Inside MLflow's viewer a link within the page does nothing by itself.
  for (const link of document.querySelectorAll("nav a")) {
    link.addEventListener("click", (event) => {
      const heading = document.getElementById(link.hash.slice(1));
      event.preventDefault();
      heading.scrollIntoView();
      heading.setAttribute("tabindex", "-1");
      heading.focus({ preventScroll: true });
    });
  }

  // Tables are sorted by a column: numbers by what they say first, words by the alphabet, what is empty last.
  const value = (row, column) => row.children[column].textContent.trim();
  const number = (text) => parseFloat(text.replace(/,/g, "").replace(/\u2212/g, "-"));
  function before(a, b) {
    if (!a || !b) { return !a - !b; }
    const [one, other] = [number(a), number(b)];
    if (Number.isNaN(one) !== Number.isNaN(other)) { return Number.isNaN(one) - Number.isNaN(other); }
    return Number.isNaN(one) ? a.localeCompare(b, "en-GB") : other - one;
  }
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const turn = head.getAttribute("aria-sort") === "descending" ? -1 : 1;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", turn === 1 ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => turn * before(value(a, column), value(b, column)));
        table.tBodies[0].append(...rows);
      });
    });
  }

  // On paper nothing is folded away.
  const folded = () => document.querySelectorAll("details:not([open])");
  let opened = [];
  addEventListener("beforeprint", () => { opened = [...folded()]; opened.forEach((each) => { each.open = true; }); });
  addEventListener("afterprint", () => { opened.forEach((each) => { each.open = false; }); });
})();
