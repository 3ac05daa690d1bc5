/**
 * The docs page of one model. Everything shown comes as text of model.json or of answers: names, labels and messages are set as text,
 * never as HTML, since whoever made the model chose them. URLs are relative, so that the page works behind a path prefix.
 */

const byId = (id) => document.getElementById(id);
const predictUrl = new URL('predict', location.href).href;
/** Rows and classes of an answer that are drawn. The answer itself is below them. */
const MAX_DRAWN_ROWS = 20;
const MAX_DRAWN_CLASSES = 20;
const MAX_SHOWN_CHARACTERS = 20_000;

/** An element with text or elements in it. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

let model;
/** Names of the controls of columns, in their order; empty for a model that has none. */
let controls = [];
let isJson = true;
let language = 'curl';

async function start() {
  const response = await fetch('docs/model.json');
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  model = answer;
  document.title = `${model.name} · model`;
  byId('name').textContent = model.name;
  byId('facts').textContent = `${model.task} · generation ${model.generation}`;
  describe('inputs', model.inputs);
  describe('outputs', model.outputs);
  listLabels();
  if (model.example === null && !model.hasLongExample) byId('example-link').remove();
  if (model.fields) {
    makeFields(model.fields);
    byId('mode').hidden = false;
  }
  isJson = model.fields === null;
  fill();
  listen();
  byId('main').hidden = false;
}

function describe(id, tensors) {
  const heads = ['Name', 'Type', 'Shape'].map((head) => element('th', { scope: 'col' }, head));
  const rows = tensors.map(({ name, datatype, shape }) =>
    element('tr', {}, ...[name, datatype, shape].map((text) => element('td', {}, element('code', {}, text)))),
  );
  byId(id).append(element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows));
}

function listLabels() {
  if (model.labels.length === 0) return;
  byId('labels').hidden = false;
  for (const [index, { count, names }] of model.labels.entries()) {
    const target = model.labels.length > 1 ? `Target ${index + 1}: ` : '';
    const text = count === 0 ? 'classes by number' : `${count} classes`;
    const chips = names.map((name) => element('li', {}, name));
    byId('labels').append(element('div', {}, `${target}${text}`, element('ul', { className: 'chips' }, ...chips)));
  }
}

const KINDS = { string: 'text', integer: 'integer', float: 'number', bool: 'true or false' };

function makeFields(fields) {
  controls = fields.map(({ name, kind }, index) => {
    const id = `field-${index}`;
    const control = kind === 'bool' ? choice(id) : element('input', { id, type: 'text', autocomplete: 'off' });
    if (kind === 'integer') control.inputMode = 'numeric';
    if (kind === 'float') control.inputMode = 'decimal';
    const label = element('label', { htmlFor: id }, `${name} `, element('small', {}, KINDS[kind]));
    byId('fields').append(element('div', { className: 'field' }, label, control));
    return control;
  });
}

function choice(id) {
  return element('select', { id }, ...['true', 'false'].map((value) => element('option', { value }, value)));
}

/** Puts the example into the form. */
function fill() {
  for (const [index, { value }] of (model.fields ?? []).entries()) controls[index].value = value;
  byId('body').value = model.example === null ? '{"instances": []}' : readable(model.example);
  showMode();
}

/** A row on each line, digits as they are. */
function readable(json) {
  return json.replace(/^\{"instances":\[/, '{"instances": [\n  ').replace(/\]\}$/, '\n]}');
}

function showMode() {
  byId('fields').hidden = isJson;
  byId('editor').hidden = !isJson;
  byId('mode').textContent = isJson ? 'Edit as form' : 'Edit as JSON';
  const missing = model.fields?.some(({ kind }) => kind === 'float') ? 'Leave a number empty if it is missing.' : '';
  const long = model.hasLongExample ? 'A row of this model is too long to show; the example request has one.' : '';
  byId('hint').textContent = isJson ? long || 'One element of "instances" for each row.' : missing;
  showCode();
}

/** JSON text of a column's value: numbers as they were typed, so that no digit is lost; the server judges what is none. */
function literal(text, kind) {
  const trimmed = text.trim();
  if (kind === 'string') return JSON.stringify(text);
  if (trimmed === '' && kind === 'float') return 'null';
  const isJsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(trimmed);
  return isJsonNumber || trimmed === 'true' || trimmed === 'false' ? trimmed : JSON.stringify(text);
}

function requestBody() {
  if (isJson) return byId('body').value;
  const members = model.fields.map(
    ({ name, kind }, index) => `${JSON.stringify(name)}: ${literal(controls[index].value, kind)}`,
  );
  return `{"instances": [{${members.join(', ')}}]}`;
}

const CODE = {
  curl(body) {
    const data = model.hasLongExample ? '@example.json' : `'${body.replaceAll("'", String.raw`'\''`)}'`;
    return `curl ${predictUrl} \\\n  -H 'Content-Type: application/json' \\\n  -d ${data}`;
  },
  python(body) {
    const words = { true: 'True', false: 'False', null: 'None' };
    const data = body.replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (token) => words[token] ?? token);
    const value = model.hasLongExample ? 'json.load(open("example.json"))' : data;
    const imports = model.hasLongExample ? 'import json\n\nimport requests' : 'import requests';
    return `${imports}\n\nbody = ${value}\nresponse = requests.post(${JSON.stringify(predictUrl)}, json=body, timeout=30)\nresponse.raise_for_status()\nprint(response.json()["predictions"])`;
  },
  javascript(body) {
    // JavaScript would round integers beyond 2^53.
    const text = /\d{16}/.test(body) ? JSON.stringify(body) : `JSON.stringify(${body})`;
    const value = model.hasLongExample ? 'await (await fetch("docs/example.json")).text()' : text;
    return `const response = await fetch(${JSON.stringify(predictUrl)}, {\n  method: "POST",\n  headers: { "Content-Type": "application/json" },\n  body: ${value},\n});\nif (!response.ok) throw new Error((await response.json()).error);\nconsole.log((await response.json()).predictions);`;
  },
};

function showCode() {
  byId('code').textContent = CODE[language](requestBody());
  byId('code').setAttribute('aria-labelledby', `tab-${language}`);
  for (const name of Object.keys(CODE)) {
    byId(`tab-${name}`).setAttribute('aria-selected', String(name === language));
    byId(`tab-${name}`).tabIndex = name === language ? 0 : -1;
  }
}

function listen() {
  byId('form').addEventListener('submit', (event) => {
    event.preventDefault();
    void predict();
  });
  byId('form').addEventListener('input', showCode);
  byId('reset').addEventListener('click', () => {
    fill();
    showError(undefined);
    byId('result').replaceChildren();
  });
  byId('mode').addEventListener('click', () => {
    if (!isJson) byId('body').value = readable(requestBody().replace('{"instances": [', '{"instances":['));
    isJson = !isJson;
    showMode();
  });
  byId('copy').addEventListener('click', () => void copy());
  const names = Object.keys(CODE);
  for (const [index, name] of names.entries()) {
    const select = (chosen) => {
      language = chosen;
      showCode();
    };
    byId(`tab-${name}`).addEventListener('click', () => select(name));
    byId(`tab-${name}`).addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step === undefined) return;
      select(names[(index + step + names.length) % names.length]);
      byId(`tab-${language}`).focus();
    });
  }
}

/** The clipboard is there only over HTTPS and on localhost; a selection can be copied everywhere. */
async function copy() {
  const code = byId('code');
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    document.execCommand('copy');
  }
  byId('copy').textContent = 'Copied';
  setTimeout(() => (byId('copy').textContent = 'Copy'), 2000);
}

async function predict() {
  byId('send').disabled = true;
  showError(undefined);
  try {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(predictUrl, { method: 'POST', headers, body: requestBody() });
    const text = await response.text();
    const answer = parse(text);
    if (response.ok && answer) showAnswer(answer, text);
    else showError(answer ?? { error: text || `the server answered with status ${response.status}` });
  } catch {
    showError({ error: 'The server could not be reached.' });
  } finally {
    byId('send').disabled = false;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param problem `{error, code, example}`, or undefined for none */
function showError(problem) {
  for (const control of [...controls, byId('body')]) control.removeAttribute('aria-invalid');
  byId('error').hidden = problem === undefined;
  byId('error').replaceChildren();
  if (!problem) return;
  byId('result').replaceChildren();
  const { error, code } = problem;
  byId('error').append(element('p', {}, String(error)));
  if (code) byId('error').append(element('small', {}, String(code)));
  if (code !== 'InvalidInput') return;
  const control = isJson ? byId('body') : controlAt(String(error));
  if (!control) return;
  control.setAttribute('aria-invalid', 'true');
  control.focus();
}

/** The column that a message such as `instances[0].age: expected ...` is about. */
function controlAt(message) {
  const index = model.fields.findIndex(({ name }) => {
    // Messages cut long names.
    const shown = name.length > 40 ? `${name.slice(0, 40)}…` : name;
    return [`.${name}:`, `[${JSON.stringify(shown)}]:`].some((end) => message.startsWith(`instances[0]${end}`));
  });
  return controls[index];
}

function showAnswer(answer, text) {
  const rows = answer.predictions ?? [answer.outputs];
  const drawn = rows.slice(0, MAX_DRAWN_ROWS).map((row, index) => drawRow(row, index, rows.length));
  if (rows.length > MAX_DRAWN_ROWS) drawn.push(element('p', {}, `and ${rows.length - MAX_DRAWN_ROWS} more rows`));
  const notes = (answer.warnings ?? []).map((warning) => element('p', { className: 'hint' }, warning));
  const shown = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  const raw = element('details', {}, element('summary', {}, 'Answer as JSON'), element('pre', { tabIndex: 0 }, shown));
  byId('result').replaceChildren(...drawn, ...notes, raw);
}

function drawRow(row, index, count) {
  const head = count > 1 ? [element('h3', {}, `Row ${index + 1}`)] : [];
  const numbers = row?.probabilities ?? row?.scores;
  if (!row || typeof row !== 'object' || !('label' in row)) {
    return element('div', { className: 'answer' }, ...head, drawValue(row));
  }
  // Several targets have a label and numbers each.
  const isSeveral = Array.isArray(numbers);
  const targets = isSeveral ? numbers.map((own, target) => [row.label[target], own]) : [[row.label, numbers]];
  const parts = targets.flatMap(([label, own]) => [
    element('p', { className: 'label' }, Array.isArray(label) ? label.join(', ') : String(label)),
    ...(own ? [drawNumbers(own, row.probabilities !== undefined)] : []),
  ]);
  return element('div', { className: 'answer' }, ...head, ...parts);
}

function drawValue(value) {
  if (typeof value === 'number' || typeof value === 'string') {
    return element('p', { className: 'label' }, String(value));
  }
  return element('pre', { tabIndex: 0 }, JSON.stringify(value).slice(0, MAX_SHOWN_CHARACTERS));
}

/** Classes by falling number; a bar only where the numbers are probabilities. */
function drawNumbers(numbers, areProbabilities) {
  const entries = Object.entries(numbers).sort(([, a], [, b]) => (b ?? -Infinity) - (a ?? -Infinity));
  const items = entries.slice(0, MAX_DRAWN_CLASSES).map(([name, value], place) => {
    const number = value === null ? '–' : areProbabilities ? percent(value) : String(value);
    const fill = element('span');
    fill.style.width = `${Math.min(Math.max(value ?? 0, 0), 1) * 100}%`;
    const bar = element('span', { className: 'track', 'aria-hidden': 'true' }, ...(areProbabilities ? [fill] : []));
    if (!areProbabilities) bar.className = '';
    const parts = [
      element('span', { className: 'class' }, name),
      bar,
      element('span', { className: 'number' }, number),
    ];
    return element('li', { className: place === 0 ? 'best' : '' }, ...parts);
  });
  if (entries.length > MAX_DRAWN_CLASSES) {
    items.push(element('li', {}, `and ${entries.length - MAX_DRAWN_CLASSES} more`));
  }
  return element('ul', { className: 'bars' }, ...items);
}

function percent(value) {
  const shown = (value * 100).toFixed(1);
  return shown === '0.0' && value > 0 ? '< 0.1 %' : `${shown} %`;
}

start().catch((error) => {
  byId('name').textContent = 'The model cannot be shown';
  byId('facts').textContent = `${error.message}. Load this page again.`;
});
