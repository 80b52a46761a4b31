// What the pages do beyond links and forms. Everything works without it but
// the live events and the values in plots.
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  // --- light and dark ---

  const dark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const theme = byId("theme");
  const nameTheme = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("cachedsql-theme", next); } catch { /* storage is off */ }
    nameTheme();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", nameTheme);
  nameTheme();

  // --- figures that stay current ---

  // load replaces what is marked as live by what the server shows now. Focus
  // and the place one has scrolled to stay.
  let loading = false;
  let again = false;
  async function load() {
    if (loading) { again = true; return; }
    loading = true;
    try {
      const address = location.href;
      const answer = await fetch(address, { headers: { Accept: "text/html" }, redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      byId("offline").hidden = true;
      if (address === location.href) replace(page);
    } catch {
      byId("offline").hidden = false;
    } finally {
      loading = false;
      if (again) { again = false; load(); }
    }
  }

  function replace(page) {
    const fresh = page.querySelectorAll(".live[id]");
    const there = [...document.querySelectorAll(".live[id]")].map((e) => e.id).join();
    if ([...fresh].map((e) => e.id).join() !== there) {
      // Another page altogether: Redis went away, or came back.
      document.querySelector("main").replaceChildren(...[...page.querySelector("main").childNodes].map((n) => document.importNode(n, true)));
    } else {
      for (const part of fresh) swap(byId(part.id), part);
    }
    document.body.dataset.refresh = page.body.dataset.refresh;
    draw();
  }

  function swap(old, part) {
    if (old.innerHTML === part.innerHTML) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const pointed = old.querySelector(".chart:hover, .chart:focus");
    if (pointed) return; // somebody reads values; the next time
    const selection = getSelection();
    if (selection && !selection.isCollapsed && old.contains(selection.anchorNode)) return; // or copies them
    const across = [...old.querySelectorAll(".scroll")].map((e) => e.scrollLeft);
    old.replaceChildren(...[...part.childNodes].map((n) => document.importNode(n, true)));
    old.querySelectorAll(".scroll").forEach((e, i) => { e.scrollLeft = across[i] || 0; });
    if (focused && byId(focused)) byId(focused).focus({ preventScroll: true });
  }

  let timer = 0;
  function schedule() {
    clearTimeout(timer);
    const every = Number(document.body.dataset.refresh);
    if (!every) return;
    timer = setTimeout(async () => {
      if (!document.hidden) await load();
      schedule();
    }, every);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden && Number(document.body.dataset.refresh)) load(); });
  schedule();

  // --- filters that answer while one types ---

  for (const form of document.querySelectorAll("form[data-live]")) {
    let wait = 0;
    const go = () => {
      clearTimeout(wait);
      wait = setTimeout(() => {
        const values = new URLSearchParams(new FormData(form));
        for (const [key, value] of [...values]) if (!value) values.delete(key);
        const text = values.toString();
        history.replaceState(null, "", form.getAttribute("action") + (text ? "?" + text : ""));
        load();
      }, 200);
    };
    form.addEventListener("input", go);
    form.addEventListener("submit", (e) => { e.preventDefault(); go(); });
  }

  // --- values in plots ---

  function draw() {
    for (const svg of document.querySelectorAll("svg[data-chart]:not([data-ready])")) {
      svg.dataset.ready = "1";
      const data = JSON.parse(svg.dataset.chart);
      const card = svg.parentElement;
      let tip = null;
      const show = (i) => {
        const cursor = svg.querySelector(".cursor");
        cursor.setAttribute("x1", data.x[i]);
        cursor.setAttribute("x2", data.x[i]);
        svg.classList.add("pointed");
        if (!tip) {
          tip = document.createElement("div");
          tip.className = "tip";
          tip.setAttribute("role", "status");
          card.append(tip);
        }
        const rows = data.names.map((name, n) => {
          const row = document.createElement("div");
          const value = document.createElement("b");
          value.textContent = data.values[n][i];
          row.append(name + " ", value);
          return row;
        });
        const time = document.createElement("div");
        time.className = "muted";
        time.textContent = data.at[i];
        tip.replaceChildren(time, ...rows);
        tip.classList.toggle("left", data.x[i] > 320);
      };
      const hide = () => {
        svg.classList.remove("pointed");
        if (tip) { tip.remove(); tip = null; }
      };
      let at = data.x.length - 1;
      const nearest = (x) => data.x.reduce((best, v, i) => (Math.abs(v - x) < Math.abs(data.x[best] - x) ? i : best), 0);
      svg.addEventListener("pointermove", (e) => {
        const box = svg.getBoundingClientRect();
        at = nearest((e.clientX - box.left) / box.width * 640);
        show(at);
      });
      svg.addEventListener("pointerleave", hide);
      svg.addEventListener("focus", () => show(at));
      svg.addEventListener("blur", hide);
      svg.addEventListener("keydown", (e) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, Home: -data.x.length, End: data.x.length }[e.key];
        if (e.key === "Escape") hide();
        if (!step) return;
        e.preventDefault();
        at = Math.min(Math.max(at + step, 0), data.x.length - 1);
        show(at);
      });
    }
  }
  draw();

  // --- live events ---

  const events = byId("events");
  if (events) {
    const state = byId("stream-state");
    const body = events.tBodies[0];
    const most = 500;
    const boxes = [...document.querySelectorAll('input[name="kind"]')];
    const hidden = () => new Set(boxes.filter((b) => !b.checked).map((b) => b.value));
    const filter = () => {
      const out = hidden();
      for (const row of body.rows) row.hidden = out.has(row.dataset.kind);
    };
    boxes.forEach((b) => b.addEventListener("change", filter));

    const cell = (row, content, name) => {
      const td = row.insertCell();
      td.append(content);
      if (name) td.className = name;
      return td;
    };
    const tag = (name, text, className) => {
      const e = document.createElement(name);
      e.textContent = text;
      if (className) e.className = className;
      return e;
    };
    const add = (e) => {
      const row = document.createElement("tr");
      row.dataset.kind = e.kind;
      row.dataset.id = e.id;
      row.className = "new";
      cell(row, tag("time", e.time));
      const kind = tag("span", e.kind, "kind");
      if (/^[a-z_]+$/.test(e.kind)) kind.classList.add(e.kind);
      cell(row, kind);
      cell(row, e.count, "n");
      const what = cell(row, e.text, "wrap");
      if (e.query_id) {
        const link = tag("a", "query");
        link.href = "query?id=" + encodeURIComponent(e.query_id);
        what.append(" ", link);
      }
      cell(row, e.host);
      row.hidden = hidden().has(e.kind);
      body.prepend(row);
      while (body.rows.length > most) body.deleteRow(-1);
    };

    const pause = byId("pause");
    const held = [];
    let paused = false;
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.setAttribute("aria-pressed", String(paused));
      pause.textContent = paused ? "Go on" : "Pause";
      if (!paused) held.splice(0).forEach(add);
    });
    const say = (text, good) => {
      if (state.textContent !== text) state.textContent = text;
      state.classList.toggle("good", good);
      state.classList.toggle("bad", !good);
    };
    let last = events.dataset.after;
    const connect = () => {
      const source = new EventSource("events-stream?after=" + encodeURIComponent(last));
      source.addEventListener("open", () => say("live", true));
      source.addEventListener("error", () => {
        say("connection lost, trying again", false);
        // The browser connects again by itself, and says which event was the
        // last, unless the answer was an error: of a proxy, for example.
        if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
      });
      source.addEventListener("down", () => say("Redis does not answer", false));
      source.addEventListener("alive", () => say("live", true));
      source.addEventListener("message", (m) => {
        say("live", true);
        last = m.lastEventId;
        const e = JSON.parse(m.data);
        if (!paused) { add(e); return; }
        held.push(e);
        if (held.length > most) held.shift();
      });
    };
    connect();
  }

  // --- the editor ---

  const text = byId("text");
  if (text) {
    const gutter = byId("gutter");
    const wrong = new Set([...document.querySelectorAll("[data-line]")].map((a) => Number(a.dataset.line)));
    let drawn = 0;
    const number = () => {
      const lines = text.value.split("\n").length;
      if (lines !== drawn) {
        drawn = lines;
        gutter.replaceChildren(...Array.from({ length: lines }, (_, i) => {
          const line = document.createElement("span");
          line.textContent = i + 1 + "\n";
          if (wrong.has(i + 1)) line.className = "wrong";
          return line;
        }));
      }
      gutter.scrollTop = text.scrollTop;
    };
    text.addEventListener("input", number);
    text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
    number();
    for (const link of document.querySelectorAll("a[data-line]")) {
      link.addEventListener("click", (e) => {
        e.preventDefault();
        const lines = text.value.split("\n");
        const n = Math.min(Number(link.dataset.line), lines.length);
        const start = lines.slice(0, n - 1).reduce((sum, l) => sum + l.length + 1, 0);
        text.focus();
        text.setSelectionRange(start, start + lines[n - 1].length);
        text.scrollTop = (n - 4) * 20;
      });
    }
    const before = text.value;
    let leaving = false;
    document.querySelectorAll("form").forEach((f) => f.addEventListener("submit", () => { leaving = true; }));
    addEventListener("beforeunload", (e) => { if (!leaving && text.value !== before) e.preventDefault(); });
  }
})();
