(function () {
  "use strict";
  const place = document.getElementById("controls");
  const save = document.getElementById("save");
  const status = document.getElementById("shown");
  const body = document.getElementById("list-rows");
  const cards = document.getElementById("cards");
  const decided = [...document.querySelectorAll("fieldset.decided")];
  if (!place || !save) { return; }
  document.documentElement.classList.add("scripted");
  // A page that was saved with what was typed has what this script made, too.
  place.replaceChildren();
  save.replaceChildren();

  // Sort and filter

  const byClass = [...document.querySelectorAll("tr[data-class], article[data-class]")];
  const classes = [...new Set(byClass.map((one) => one.dataset.class))].filter(Boolean).sort();

  function choice(id, words, options) {
    const holder = document.createElement("div");
    const label = document.createElement("label");
    const select = document.createElement("select");
    label.textContent = words;
    label.htmlFor = select.id = id;
    select.append(...options.map(([value, text]) => new Option(text, value)));
    select.addEventListener("change", update);
    holder.append(label, select);
    place.append(holder);
    return select;
  }

  function before(a, b) {
    const rank = a.dataset.rank - b.dataset.rank;
    if (order.value === "rank") { return rank; }
    return a.dataset[order.value].localeCompare(b.dataset[order.value], "en-GB", { numeric: true }) || rank;
  }

  function update() {
    const only = filter.value === "" ? null : filter.value.slice(1);
    for (const one of byClass) { one.hidden = only !== null && one.dataset.class !== only; }
    if (!body) { return; }
    for (const parent of [body, cards]) { parent.append(...[...parent.children].sort(before)); }
    const shown = [...body.children].filter((row) => !row.hidden).length;
    status.textContent = `Showing ${shown} of ${body.children.length} listed${only === null ? "" : `: ${only}`}.`;
  }

  const label = place.dataset.place;
  const filter = choice("by-class", `Show ${label.toLowerCase() || "all"}`, [["", "All"], ...classes.map((name) => ["=" + name, name])]);
  const orders = [["rank", "Place on the list"], ["class", label], ["name", "Name"]];
  const order = choice("by-order", "Put in order of", orders.filter(([, words]) => words));
  update();
  if (status) { status.textContent = ""; }

  // What is typed: shown in the list, kept in the page when it is saved, and downloaded

  let unsaved = false;
  const fields = (one) => [...one.querySelectorAll("select, input, textarea")];
  const day = (iso) => new Date(iso + "T12:00").toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });

  function show(one) {
    const typed = Object.fromEntries(fields(one).map((field) => [field.name, field.value.trim()]));
    const parts = [typed.what_we_decided, typed.decided_by, typed.decided_on && day(typed.decided_on),
      typed.review_on && `review ${day(typed.review_on)}`, typed.note];
    for (const cell of document.querySelectorAll(".typed")) {
      if (cell.dataset.of === one.id) { cell.textContent = parts.filter(Boolean).join("; "); }
    }
  }

  // A saved page holds attributes and texts, not what is in a field.
  function keep(field) {
    if (field.tagName === "SELECT") {
      for (const option of field.options) { option.toggleAttribute("selected", option.selected); }
    } else if (field.tagName === "TEXTAREA") {
      field.textContent = field.value;
    } else {
      field.setAttribute("value", field.value);
    }
  }

  function changed() {
    for (const one of decided) { fields(one).forEach(keep); show(one); }
  }

  for (const one of decided) {
    one.addEventListener("input", () => { fields(one).forEach(keep); show(one); unsaved = true; });
  }
  changed();
  addEventListener("pageshow", changed);
  addEventListener("beforeunload", (event) => { if (unsaved) { event.preventDefault(); } });

  // As in list.csv: no cell may become a formula.
  function cell(text) {
    const safe = /^ *[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function table() {
    const written = decided.filter((one) => fields(one).some((field) => field.value.trim()));
    const head = ["kind", "run", "child_id", "row_in_file", "name", "class", ...fields(decided[0]).map((field) => field.name)];
    const rows = written.map((one) => [one.dataset.kind, save.dataset.run, one.dataset.identifier, one.dataset.row,
      one.dataset.name, one.dataset.class, ...fields(one).map((field) => field.value.trim())]);
    return "\ufeff" + [head, ...rows].map((row) => row.map(cell).join(",") + "\r\n").join("");
  }

  function button(words, name, type, content) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([content()], { type }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      unsaved = false;
    });
    save.append(made);
  }

  if (decided.length) {
    button("Save this page with what I typed", `report-${save.dataset.run}.html`, "text/html",
      () => "<!doctype html>\n" + document.documentElement.outerHTML);
    button("Download what I typed as CSV", `decisions-${save.dataset.run}.csv`, "text/csv", table);
  }

  // Inside a viewer a link within the page does nothing by itself.
  if (window.parent !== window) {
    for (const link of document.querySelectorAll('a[href^="#"]')) {
      link.addEventListener("click", (event) => {
        const target = document.getElementById(link.hash.slice(1));
        event.preventDefault();
        target.scrollIntoView();
        target.setAttribute("tabindex", "-1");
        target.focus({ preventScroll: true });
      });
    }
  }
})();
