// Runs before the page is drawn, so that it never flashes in the other colours.
(() => {
  "use strict";
  let kept = null;
  try { kept = localStorage.getItem("cachedsql-theme"); } catch { /* storage is off */ }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
})();
