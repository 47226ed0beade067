// The page: send an image, show reports, scores, and where a clicked word is seen.

const get = (id) => document.getElementById(id);
const canvas = get("canvas");
const state = { file: null, bitmap: null, imageId: null };

/** Call the API; a problem's detail becomes the error's message. */
async function call(path, options) {
  const response = await fetch(path, options);
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
  document.body.classList.add("busy");
  try {
    await task();
  } catch (error) {
    get("error").textContent = error.message;
    get("error").hidden = false;
  } finally {
    document.body.classList.remove("busy");
  }
}

async function choose(file) {
  state.file = file;
  await attempt(async () => {
    await Promise.all([retrieve(), classify()]);
    state.bitmap = await createImageBitmap(file);
    draw();
    canvas.hidden = false;
    get("hint").hidden = true;
    get("drop").classList.add("full");
    for (const part of get("ask").elements) part.disabled = false;
  });
}

async function retrieve() {
  const rerank = get("rerank").checked ? "groups" : "none";
  const found = await call(`/retrieve?k=5&rerank=${rerank}`, { method: "POST", body: form({ image: state.file }) });
  state.imageId = found.image_id;
  get("waiting").hidden = true;
  get("reports").replaceChildren(...found.matches.map(reportItem));
}

async function classify() {
  const name = get("sets").value;
  const found = await call("/zeroshot", { method: "POST", body: form({ image: state.file, prompt_set: name }) });
  get("classes").replaceChildren(...found.classes.map(classItem));
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

/** Cut a report into plain text and words that can be clicked. */
function words(report, reportId) {
  return report.split(/([\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*)/u).map((part, place) => {
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
    const query = new URLSearchParams({ token, image_id: state.imageId, ...context });
    const map = await call(`/heatmap?${query}`);
    draw(map);
    document.querySelectorAll(".word.on").forEach((other) => other.classList.remove("on"));
    button?.classList.add("on");
    const patches = map.grid[0] * map.grid[1];
    get("shown").textContent = `“${map.token}” gathers ${map.group_size} of ${patches} patches (threshold ${map.threshold.toFixed(2)})`;
  });
}

/** Draw the image, and over it a map whose cells are blended smoothly. */
function draw(map) {
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
  if (model.prompt_sets.includes("phantom-chest")) get("sets").value = "phantom-chest";
  get("model").textContent = `Model ${model.identity.slice(0, 12)} (${model.engine}, ${model.precision}) · ${index.size} reports`;
}

get("file").addEventListener("change", ({ target }) => target.files[0] && choose(target.files[0]));
get("drop").addEventListener("dragover", (event) => { event.preventDefault(); get("drop").classList.add("over"); });
get("drop").addEventListener("dragleave", () => get("drop").classList.remove("over"));
get("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  get("drop").classList.remove("over");
  if (event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
});
get("rerank").addEventListener("change", () => state.file && attempt(retrieve));
get("sets").addEventListener("change", () => state.file && attempt(classify));
get("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = get("token").value.trim();
  if (token) show(token, {});
});
get("clear").addEventListener("click", () => { draw(); get("shown").textContent = ""; });
attempt(start);
