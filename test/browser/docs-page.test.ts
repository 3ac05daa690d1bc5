import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { stringifyJson } from '../../runtime/protocol/stringify-json.ts';
import type { NamedTensors } from '../../runtime/tensor/tensor.ts';
import { startModelServer, type ModelServer } from '../support/model-server.ts';
import { sampleModel } from '../support/models.ts';
import { bodyOf, serveSample, type ServedModel } from '../support/served-model.ts';
import { classifierOf } from '../support/signatures.ts';
import { launchBrowser, screenshot } from './browser.ts';

const run = promisify(execFile);
const HOSTILE = `<img src=x onerror="window.hacked=1">'"{{constructor}}`;
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true };

/** A page that notes what it asks for and complains about. */
interface Visit extends AsyncDisposable {
  readonly page: Page;
  readonly requested: readonly string[];
  readonly complaints: readonly string[];
}

describe('docs page', () => {
  let browser: Browser;
  const samples: (ServedModel | ModelServer)[] = [];
  let columns: ModelServer;
  let matrix: ModelServer;
  let hostile: ModelServer;

  async function serve(name: string, title: string): Promise<ModelServer> {
    const model = sampleModel(name);
    const served = await serveSample(model);
    const server = await startModelServer({ ...served, name: title, example: bodyOf(model, 1) });
    samples.push(server, served);
    return server;
  }

  before(async function () {
    this.timeout(60_000);
    browser = await launchBrowser();
    columns = await serve('customers-pipeline', 'customers');
    matrix = await serve('iris-lr-strings', 'iris');
    hostile = await startModelServer({
      name: HOSTILE,
      signature: hostileClassifier(),
      session: { run: (feeds) => Promise.resolve(someAnswer(feeds)) },
      example: stringifyJson({ instances: [{ [HOSTILE]: HOSTILE, [`2 ${HOSTILE}`]: 1 }] }),
    });
    samples.push(hostile);
  });
  after(async () => {
    await browser?.close();
    for (const sample of samples) await sample[Symbol.asyncDispose]();
  });

  async function visit(server: ModelServer, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
    const page = await context.newPage();
    const [requested, complaints]: [string[], string[]] = [[], []];
    page.on('request', (request) => requested.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    // What the browser says of every 4xx by itself is no complaint of the page.
    page.on('console', (message) => {
      if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text());
    });
    await page.goto(`${server.url}/docs`);
    await page.locator('#main').waitFor();
    return { page, requested, complaints, [Symbol.asyncDispose]: () => context.close() };
  }

  const answerOf = (page: Page) => page.locator('#result .answer').first();

  /** What axe finds wrong, by WCAG 2.2 A and AA, contrast among it. */
  async function accessibilityProblems(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(async () => {
      const { axe: inPage } = globalThis as unknown as { axe: typeof axe };
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      return inPage.run({ runOnly: tags });
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  }

  it('predicts from a form with a field for each column, by keyboard alone', async () => {
    await using visited = await visit(columns);
    const { page, requested, complaints } = visited;
    await screenshot(page, 'light');
    await page.getByRole('textbox', { name: 'age' }).focus();
    for (const value of ['33', '37.1', '2', 'plus', 'north']) {
      await page.keyboard.press('Control+A');
      await page.keyboard.type(value);
      await page.keyboard.press('Tab');
    }
    expect(await page.evaluate('document.activeElement.textContent')).to.equal('Predict');
    await page.keyboard.press('Enter');
    await answerOf(page).waitFor();
    expect(await answerOf(page).locator('.label').innerText()).to.equal('leaves');
    expect(await answerOf(page).locator('li .class').allInnerTexts()).to.deep.equal(['leaves', 'stays']);
    expect(await answerOf(page).locator('li .number').allInnerTexts()).to.deep.equal(['50.3 %', '49.7 %']);
    const widths = await page
      .locator('.track')
      .evaluateAll((tracks) => tracks.map((track) => track.firstElementChild!.clientWidth / track.clientWidth));
    expect(widths.map((width) => width.toFixed(2))).to.deep.equal(['0.50', '0.50']);
    await screenshot(page, 'prediction');
    expect(complaints).to.deep.equal([]);
    expect(requested.filter((url) => !url.startsWith(`${columns.url}/`) && !url.startsWith('data:'))).to.deep.equal([]);
  });

  it('shows what is wrong at the column that it is wrong with', async () => {
    await using visited = await visit(columns);
    const { page } = visited;
    await page.getByRole('textbox', { name: 'support_calls' }).fill('two');
    await page.getByRole('button', { name: 'Predict' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).to.include('expected an integer, got the string "two"');
    expect(await page.locator('[aria-invalid=true]').getAttribute('id')).to.equal('field-2');
    expect(await page.evaluate('document.activeElement.id')).to.equal('field-2');
    expect(await accessibilityProblems(page)).to.deep.equal([]);
    await screenshot(page, 'error');

    await page.getByRole('textbox', { name: 'support_calls' }).fill('2');
    await page.getByRole('button', { name: 'Predict' }).click();
    await answerOf(page).waitFor();
    expect(await alert.isVisible()).to.equal(false);
    expect(await page.locator('[aria-invalid=true]').count()).to.equal(0);
  });

  it('predicts rows of a matrix from JSON', async () => {
    await using visited = await visit(matrix);
    const { page, complaints } = visited;
    await page.getByLabel('Request body').fill('{"instances": [[5.5, 4.2, 1.4, 0.2], [6.0, 2.2, 4.0, 1.0]]}');
    await page.getByRole('button', { name: 'Predict' }).click();
    await answerOf(page).waitFor();
    expect(await page.locator('.answer .label').allInnerTexts()).to.deep.equal(['setosa', 'versicolor']);
    expect(await answerOf(page).locator('li .number').allInnerTexts()).to.deep.equal(['98.7 %', '1.3 %', '< 0.1 %']);
    await screenshot(page, 'matrix');
    await page.getByLabel('Request body').fill('{"instances": [[1, 2');
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.locator('#result').innerText()).to.equal('');
    expect(complaints).to.deep.equal([]);
  });

  it('changes between form and JSON with the same values', async () => {
    await using visited = await visit(columns);
    const { page } = visited;
    await page.getByRole('textbox', { name: 'age' }).fill('9007199254740993');
    await page.getByRole('button', { name: 'Edit as JSON' }).click();
    const body = await page.getByLabel('Request body').inputValue();
    expect(body).to.include('"age": 9007199254740993');
    expect(JSON.parse(body).instances).to.have.length(1);
    await page.getByRole('button', { name: 'Reset' }).click();
    expect(await page.getByLabel('Request body').inputValue()).to.include('"age":65');
  });

  for (const [name, options] of [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { ...PHONE, colorScheme: 'light' }],
    ['phone-dark', { ...PHONE, colorScheme: 'dark' }],
  ] as const) {
    it(`is accessible and fits: ${name}`, async () => {
      await using visited = await visit(columns, options);
      const { page } = visited;
      await page.getByRole('button', { name: 'Predict' }).click();
      await answerOf(page).waitFor();
      expect(await accessibilityProblems(page)).to.deep.equal([]);
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect(overflow).to.be.at.most(0);
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).to.equal(options.colorScheme === 'dark' ? 'rgb(18, 21, 26)' : 'rgb(246, 247, 249)');
      await screenshot(page, `look-${name}`);
    });
  }

  it('shows names as text, whatever is in them', async () => {
    await using visited = await visit(hostile, PHONE);
    const { page, requested, complaints } = visited;
    await page.getByRole('button', { name: 'Predict' }).click();
    await answerOf(page).waitFor();
    expect(await page.title()).to.equal(`${HOSTILE} · model`);
    expect(await page.locator('h1').innerText()).to.equal(HOSTILE);
    expect(await answerOf(page).locator('.label').innerText()).to.equal(HOSTILE);
    expect(await page.locator('#field-0').inputValue()).to.equal(HOSTILE);
    for (const tab of ['Python', 'JavaScript', 'curl']) await page.getByRole('tab', { name: tab }).click();
    await page.locator('#field-1').fill('x');
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.locator('[aria-invalid=true]').getAttribute('id')).to.equal('field-1');
    expect(await page.locator('img, script:not([src])').count()).to.equal(0);
    expect(await page.evaluate(() => 'hacked' in globalThis)).to.equal(false);
    expect(requested.every((url) => url.startsWith(`${hostile.url}/`) || url.startsWith('data:'))).to.equal(true);
    expect(complaints).to.deep.equal([]);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).to.be.at.most(0);
    await screenshot(page, 'hostile');
  });

  it('runs no script that a name or an answer would bring in', async () => {
    await using visited = await visit(columns);
    const { page, complaints } = visited;
    await page.evaluate(`
      document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="globalThis.hacked = 1">');
      const script = document.createElement('script');
      script.textContent = 'globalThis.hacked = 1';
      document.body.append(script);
    `);
    expect(await page.evaluate(() => 'hacked' in globalThis)).to.equal(false);
    expect(complaints.filter((text) => text.includes('Content Security Policy'))).to.have.length.at.least(1);
  });

  it('moves between languages by arrow keys, and copies', async () => {
    await using visited = await visit(matrix, { permissions: ['clipboard-read', 'clipboard-write'] });
    const { page } = visited;
    await page.getByRole('tab', { name: 'curl' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { selected: true }).innerText()).to.equal('Python');
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate('navigator.clipboard.readText()');
    expect(copied)
      .to.equal(await page.locator('#code').innerText())
      .and.include('requests.post(');
  });

  it('shows code that runs as it is, with quotes in values too', async () => {
    for (const server of [matrix, columns, hostile]) {
      await using visited = await visit(server);
      const { page } = visited;
      const code = async (tab: string): Promise<string> => {
        await page.getByRole('tab', { name: tab }).click();
        return page.locator('#code').innerText();
      };
      const curl = await run('bash', ['-c', (await code('curl')).replace('curl ', 'curl -s ')]);
      expect(Object.keys(JSON.parse(curl.stdout))).to.deep.equal(['predictions']);
      const script = await run(process.execPath, ['--input-type=module', '--eval', await code('JavaScript')]);
      expect(script.stdout).to.include('label:');
      await run('python3', ['-c', `import ast, sys; ast.parse(sys.argv[1])`, await code('Python')]);
    }
  });
});

/** A classifier whose inputs and classes have names that are HTML. */
function hostileClassifier() {
  const signature = classifierOf([
    [HOSTILE, 'BYTES', [-1, 1]],
    [`2 ${HOSTILE}`, 'FP32', [-1, 1]],
  ]);
  const { presentation } = signature;
  if (presentation.task !== 'classification') throw new Error('a classifier is wanted');
  const target = { ...presentation.targets[0], labels: [HOSTILE, 'b', 'c'], labelOutput: undefined };
  return { ...signature, presentation: { ...presentation, targets: [target] as const } };
}

function someAnswer(feeds: NamedTensors): NamedTensors {
  const rows = [...feeds.values()][0]?.shape[0] ?? 0;
  const row = [0.7, 0.2, 0.1];
  const data = Float32Array.from({ length: rows * 3 }, (_, index) => row[index % 3] ?? 0);
  return new Map([
    ['label', { datatype: 'INT64', shape: [rows], data: new BigInt64Array(rows) }],
    ['probabilities', { datatype: 'FP32', shape: [rows, 3], data }],
  ]);
}
