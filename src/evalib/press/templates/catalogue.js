"use strict";
{
  const at = (id) => document.getElementById(id);
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const rows = Array.from(document.querySelectorAll("tbody > tr"), (row) => ({
    row, asked: row.dataset, words: plain(row.cells[0].textContent),
  }));
  const plainFilters = Array.from(document.querySelectorAll("select[data-by]"));
  const shown = at("shown");
  const filled = (count) =>
    count ? shown.dataset.some.replace("{shown}", count).replace("{total}", rows.length) : shown.dataset.none;

  const filter = () => {
    const parts = plain(at("search").value).split(/\s+/).filter(Boolean);
    const wanted = plainFilters.filter((one) => one.value).map((one) => [one.dataset.by, one.value]);
    const dimension = at("dimension").value, standing = at("standing").value;
    let count = 0;
    for (const { row, asked, words } of rows) {
      const held = dimension === "" ? asked.standings : asked.standings.charAt(dimension);
      const fits =
        parts.every((part) => words.includes(part)) &&
        wanted.every(([name, value]) => asked[name] === value) &&
        (!standing || Array.from(held).some((one) => standing.includes(one)));
      count += fits;
      if (row.hidden === fits) row.hidden = !fits;
    }
    const told = filled(count);
    if (shown.textContent !== told) shown.textContent = told;
  };

  at("filters").hidden = false;
  at("filters").addEventListener("input", filter);
  at("reset").addEventListener("click", () => {
    for (const one of document.querySelectorAll("#filters input, #filters select")) one.value = "";
    filter();
    at("search").focus();
  });
  filter();
}
