// Runs before first paint, so that the chosen theme and language stand from the first frame.
(function () {
  var root = document.documentElement;
  try {
    var stored = localStorage.getItem("rivulet.theme");
    if (stored === "light" || stored === "dark") {
      root.dataset.theme = stored;
      document.querySelectorAll('meta[name="theme-color"]').forEach(function (meta) {
        meta.content = stored === "dark" ? "#191714" : "#fcfaf7";
      });
    }
    var locale = localStorage.getItem("rivulet.locale");
    if (locale) root.lang = locale;
  } catch {
    // Storage may be closed; the system's theme stands.
  }
})();
