(function () {
  "use strict";
  const place = document.getElementById("controls");
  const status = document.getElementById("shown");
  const body = document.getElementById("list-rows");
  const cards = document.getElementById("cards");
  if (!place || !body || !cards) { return; }
  const classes = [...new Set([...body.children].map((row) => row.dataset.class))].filter(Boolean).sort();

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
    for (const parent of [body, cards]) {
      for (const child of [...parent.children].sort(before)) {
        child.hidden = only !== null && child.dataset.class !== only;
        parent.append(child);
      }
    }
    const shown = [...body.children].filter((row) => !row.hidden).length;
    status.textContent = `Showing ${shown} of ${body.children.length} listed${only === null ? "" : `: ${only}`}.`;
  }

  const label = place.dataset.place;
  const filter = choice("by-class", `Show ${label.toLowerCase() || "all"}`, [["", "All"], ...classes.map((name) => ["=" + name, name])]);
  const orders = [["rank", "Place on the list"], ["class", label], ["name", "Name"]];
  const order = choice("by-order", "Put in order of", orders.filter(([, words]) => words));
})();
