// The page: send an image, show reports, scores, and where a clicked word is seen.

const get = (id) => document.getElementById(id);
const canvas = get("canvas");
const LONGEST_RUN = 40; // characters without a space that may not be broken
const state = { file: null, bitmap: null, imageId: null, running: 0 };

/** Call the API; a problem's detail becomes the error's message. */
async function call(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Error("The server does not answer. Is it still running?");
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail ?? response.statusText);
  return body;
}

function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

/** Run a task with the page marked busy and its error shown. */
async function attempt(task) {
  get("error").hidden = true;
  busy(+1);
  try {
    await task();
  } catch (error) {
    get("error").textContent = error.message;
    get("error").hidden = false;
  } finally {
    busy(-1);
  }
}

function busy(change) {
  state.running += change;
  document.body.classList.toggle("busy", state.running > 0);
  get("results").setAttribute("aria-busy", state.running > 0);
}

/** Show an image at once, then ask; answers for an image that was replaced are dropped. */
async function choose(file) {
  Object.assign(state, { file, bitmap: null, imageId: null });
  forget();
  await attempt(async () => {
    const bitmap = await createImageBitmap(file).catch(() => null);
    if (state.file !== file) return;
    state.bitmap = bitmap;
    preview();
    await retrieve();
    if (!bitmap) await render(file);
    await classify();
  });
}

/** Show what the browser cannot draw itself, a DICOM file, as the server sees it. */
async function render(file) {
  if (state.file !== file) return;
  const response = await fetch(`/images/${state.imageId}`);
  const bitmap = await createImageBitmap(await response.blob());
  if (state.file !== file) return;
  state.bitmap = bitmap;
  preview();
}

function forget() {
  for (const part of ["reports", "classes", "shown"]) get(part).replaceChildren();
  for (const part of get("ask").elements) part.disabled = true;
}

function preview() {
  const shown = state.bitmap !== null;
  canvas.hidden = !shown;
  get("hint").hidden = shown;
  get("drop").classList.toggle("full", shown);
  if (shown) draw();
}

async function retrieve() {
  const { file } = state;
  const rerank = get("rerank").checked ? "groups" : "none";
  get("waiting").textContent = "Looking for similar cases …";
  get("waiting").hidden = false;
  let none = "";
  try {
    const body = form({ image: file, filters: filters() });
    const found = await call(`/retrieve?k=5&rerank=${rerank}`, { method: "POST", body });
    if (state.file !== file) return;
    state.imageId = found.image_id;
    get("reports").replaceChildren(...found.matches.map(reportItem));
    for (const part of get("ask").elements) part.disabled = false;
    none = found.matches.length ? "" : "No report fits this filter.";
  } finally {
    if (state.file === file) Object.assign(get("waiting"), { textContent: none, hidden: !none });
  }
}

/** Read "field = value" as the API's filters; a number fits as a number and as text. */
function filters() {
  const text = get("filter").value.trim();
  if (!text) return "{}";
  const [, field, value] = text.match(/^([^=]+?)\s*=\s*(.+)$/) ?? [];
  if (!field) throw new Error("Write the filter as field = value, for instance modality = ct.");
  return JSON.stringify({ [field]: Number.isFinite(Number(value)) ? [value, Number(value)] : value });
}

async function classify() {
  const { file } = state;
  const fields = { image: file, prompt_set: get("sets").value };
  const found = await call("/zeroshot", { method: "POST", body: form(fields) });
  if (state.file === file) get("classes").replaceChildren(...found.classes.map(classItem));
}

function element(tag, attributes, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

function reportItem(match) {
  const group = match.group_similarity === undefined ? "" : ` · groups ${match.group_similarity.toFixed(3)}`;
  const head = element("div", { className: "head" }, element("b", {}, `${match.rank}. ${match.report_id}`),
    element("span", {}, `similarity ${match.similarity.toFixed(3)}${group}`));
  const text = element("p", {}, ...words(match.report, match.report_id));
  const shown = Object.entries(match.metadata).filter(([, value]) => typeof value !== "object").slice(0, 6);
  const tags = element("div", { className: "tags" }, shown.map(([name, value]) => `${name}: ${value}`).join(" · "));
  return element("li", {}, head, text, tags);
}

/** Cut a report into words that can be clicked; a line never ends between a word and its full stop. */
function words(report, reportId) {
  return report.split(/(\s+)/).map((run, place) => {
    if (place % 2 === 1) return run; // the spaces, where a line may end
    return element("span", { className: run.length > LONGEST_RUN ? "" : "run" }, ...buttons(run, reportId));
  });
}

function buttons(run, reportId) {
  return run.split(/((?:\p{N}+\.\p{N}+|[\p{L}\p{N}]+)(?:[-\u2010\u2011][\p{L}\p{N}]+)*)/u).map((part, place) => {
    if (place % 2 === 0) return part;
    const button = element("button", { className: "word", type: "button" }, part);
    button.addEventListener("click", () => show(part, { report_id: reportId }, button));
    return button;
  });
}

function classItem({ label, probability }) {
  const percent = `${Math.round(100 * probability)} %`;
  const bar = element("i", {});
  bar.style.width = `${100 * probability}%`;
  return element("li", {}, label, element("span", { className: "bar" }, bar), element("span", { className: "number" }, percent));
}

async function show(token, context, button) {
  await attempt(async () => {
    const { file } = state;
    const query = new URLSearchParams({ token, image_id: state.imageId, ...context });
    const map = await call(`/heatmap?${query}`);
    if (state.file !== file) return;
    mark(button);
    draw(map);
    get("shown").textContent = trustIn(map);
  });
}

/** Say how large the group is, what was measured of such maps, and when a map may mean nothing. */
function trustIn({ token, grid, group_size, trust: { localization, control } }) {
  const percent = (share) => `${Math.round(100 * share)} %`;
  const group = `“${token}” gathers ${group_size} of ${grid[0] * grid[1]} patches.`;
  const measured = localization
    ? `On validation images that show it, the brightest patch of ${localization.phrase ? `“${localization.phrase}”` : "a finding’s word"} lay in the finding in ${percent(localization.value)}` +
      (localization.center_prior === null ? "." : `; a map of usual positions, in ${percent(localization.center_prior)}.`)
    : "Where this model’s maps lie was never measured.";
  const same = control?.same_strongest_patch ? ` The control word “${control.token}” is brightest at the same place: this map may say nothing.` : "";
  return `${group} ${measured}${same}`;
}

function mark(button) {
  document.querySelectorAll(".word[aria-pressed]").forEach((other) => other.removeAttribute("aria-pressed"));
  button?.setAttribute("aria-pressed", "true");
}

/** Draw the image, and over it a map whose cells are blended smoothly. */
function draw(map) {
  if (!state.bitmap) return;
  canvas.width = state.bitmap.width;
  canvas.height = state.bitmap.height;
  const context = canvas.getContext("2d");
  context.drawImage(state.bitmap, 0, 0);
  if (!map) return;
  const { x, y, width, height } = map.region;
  context.imageSmoothingQuality = "high";
  context.drawImage(heat(map), x, y, width, height);
}

/** One pixel per patch: warmer and less transparent where the weight is higher. */
function heat({ grid: [rows, columns], weights }) {
  const cells = element("canvas", { width: columns, height: rows });
  const pixels = cells.getContext("2d").createImageData(columns, rows);
  const highest = Math.max(...weights, 1e-12);
  weights.forEach((weight, place) => {
    const level = weight / highest;
    pixels.data.set([255, 40 + 180 * level * level, 60 * (1 - level), 190 * level], 4 * place);
  });
  cells.getContext("2d").putImageData(pixels, 0, 0);
  return cells;
}

async function start() {
  const [model, index] = await Promise.all([call("/model"), call("/index")]);
  get("sets").replaceChildren(...model.prompt_sets.map((name) => element("option", { value: name }, name)));
  get("sets").value = model.default_prompt_set;
  get("model").textContent = `Model ${model.identity.slice(0, 12)} (${model.engine}, ${model.precision}) · ${index.size} reports`;
}

get("file").addEventListener("change", ({ target }) => target.files[0] && choose(target.files[0]));
get("drop").addEventListener("dragover", (event) => { event.preventDefault(); get("drop").classList.add("over"); });
get("drop").addEventListener("dragleave", () => get("drop").classList.remove("over"));
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
get("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  get("drop").classList.remove("over");
  if (event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
});
get("rerank").addEventListener("change", () => state.file && attempt(retrieve));
get("filter").addEventListener("change", () => state.file && attempt(retrieve));
get("narrow").addEventListener("submit", (event) => event.preventDefault());
get("sets").addEventListener("change", () => state.file && attempt(classify));
get("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = get("token").value.trim();
  if (token) show(token, {});
});
get("clear").addEventListener("click", () => { draw(); mark(); get("shown").textContent = ""; });
attempt(start);
