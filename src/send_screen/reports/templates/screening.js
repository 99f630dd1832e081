(function () {
  "use strict";
  var place = document.getElementById("controls");
  var status = document.getElementById("shown");
  var body = document.getElementById("list-rows");
  var cards = document.getElementById("cards");
  if (!place || !body || !cards) { return; }
  var classes = [];
  Array.prototype.forEach.call(body.children, function (row) {
    var name = row.getAttribute("data-class");
    if (name && classes.indexOf(name) < 0) { classes.push(name); }
  });
  classes.sort();

  function choice(id, words, options, change) {
    var holder = document.createElement("div");
    var label = document.createElement("label");
    var select = document.createElement("select");
    label.textContent = words;
    label.htmlFor = select.id = id;
    options.forEach(function (pair) {
      var option = document.createElement("option");
      option.value = pair[0];
      option.textContent = pair[1];
      select.appendChild(option);
    });
    select.addEventListener("change", change);
    holder.appendChild(label);
    holder.appendChild(select);
    place.appendChild(holder);
    return select;
  }

  function update() {
    var shown = 0;
    [body, cards].forEach(function (parent) {
      var children = Array.prototype.slice.call(parent.children);
      children.sort(function (a, b) {
        var rank = a.getAttribute("data-rank") - b.getAttribute("data-rank");
        if (order.value === "rank") { return rank; }
        var key = "data-" + order.value;
        return a.getAttribute(key).localeCompare(b.getAttribute(key), "en-GB", { numeric: true }) || rank;
      });
      shown = 0;
      children.forEach(function (child) {
        child.hidden = filter.value !== "" && child.getAttribute("data-class") !== filter.value.slice(1);
        shown += child.hidden ? 0 : 1;
        parent.appendChild(child);
      });
    });
    var words = "Showing " + shown + " of " + body.children.length + " listed children";
    status.textContent = filter.value === "" ? words + "." : words + ": class " + filter.value.slice(1) + ".";
  }

  var filter = choice("by-class", "Show class", [["", "All classes"]].concat(classes.map(function (name) {
    return ["=" + name, name];
  })), update);
  var order = choice("by-order", "Put in order of", [["rank", "Place on the list"], ["class", "Class"], ["name", "Name"]], update);
})();
