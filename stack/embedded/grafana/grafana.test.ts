import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { RunningServer } from '../http/listen.ts';
import { AnnotationStore } from './annotations/annotation-store.ts';
import { startGrafana } from './server.ts';
import { readSettings } from './settings.ts';
import type { DashboardView } from './web/view.ts';

let folder: string;
let backend: Server;
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
let grafana: RunningServer;

const dashboard = {
  uid: 'red',
  title: 'Service <RED>',
  tags: ['l2'],
  panels: [
    {
      title: 'Rate',
      type: 'timeseries',
      datasource: { uid: 'prometheus' },
      targets: [{ expr: 'rate(x[1m])' }],
    },
  ],
};

beforeEach(async () => {
  seen = [];
  backend = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      response.writeHead(request.url!.includes('bad') ? 400 : 200, { 'content-type': 'application/json' });
      response.end('{"status":"success"}');
    });
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), 'grafana-'));
  for (const name of ['datasources', 'dashboards', 'json']) await mkdir(join(folder, name));
  await writeFile(
    join(folder, 'datasources', 'lab.yaml'),
    `datasources:
  - {name: Prometheus, uid: prometheus, type: prometheus, url: "${url}/prefix", isDefault: true, jsonData: {query: 'trace_id="$\${__span.traceId}"'}}
  - {name: Loki, uid: loki, type: loki, url: "http://127.0.0.1:1"}
  - {name: Alertmanager, uid: alertmanager, type: alertmanager, url: "${url}/am"}
`,
  );
  await writeFile(
    join(folder, 'dashboards', 'lab.yaml'),
    `providers: [{name: lab, folder: Lab, type: file, options: {path: "${folder}/json"}}]`,
  );
  await writeFile(join(folder, 'json', 'red.json'), JSON.stringify(dashboard));
  await writeFile(join(folder, 'json', 'broken.json'), '{');
  grafana = await start('true');
});

afterEach(async () => {
  await grafana.close();
  await new Promise((resolve) => backend.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const start = (anonymous: string) =>
  startGrafana(
    readSettings({
      GF_SERVER_HTTP_PORT: '0',
      GF_PATHS_PROVISIONING: folder,
      GF_SECURITY_ADMIN_PASSWORD: 'pass:word',
      GF_AUTH_ANONYMOUS_ENABLED: anonymous,
    }),
  );

const admin = { authorization: `Basic ${Buffer.from('admin:pass:word').toString('base64')}` };

async function call(path: string, init: RequestInit = {}, server = grafana): Promise<[number, unknown]> {
  const response = await fetch(server.url + path, init);
  return [response.status, await response.json()];
}

const annotate = (body: unknown, headers: Record<string, string> = admin) =>
  call('/api/annotations', { method: 'POST', headers, body: JSON.stringify(body) });

test('health has Grafana’s shape and an honest version', async () => {
  expect(await call('/api/health')).toEqual([
    200,
    { database: 'ok', version: '13.2.1-embedded', commit: 'embedded' },
  ]);
});

test('data sources come from provisioning, a doubled dollar is one', async () => {
  const [, list] = await call('/api/datasources');
  expect(list).toMatchObject([
    {
      id: 1,
      uid: 'prometheus',
      isDefault: true,
      readOnly: true,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own variable
      jsonData: { query: 'trace_id="${__span.traceId}"' },
    },
    { id: 2, uid: 'loki', type: 'loki' },
    { id: 3, uid: 'alertmanager', type: 'alertmanager' },
  ]);
  expect(await call('/api/datasources/uid/loki')).toMatchObject([
    200,
    { name: 'Loki', secureJsonFields: {} },
  ]);
  expect(await call('/api/datasources/uid/none')).toEqual([404, { message: 'Data source not found' }]);
});

test('dashboards are found and read, an edited file at once, a broken one left out', async () => {
  expect(await call('/api/search?query=red')).toMatchObject([
    200,
    [{ uid: 'red', url: '/d/red/service-red', type: 'dash-db', folderTitle: 'Lab' }],
  ]);
  expect(await call('/api/search?tag=l1')).toEqual([200, []]);
  expect(await call('/api/search?type=dash-folder')).toEqual([200, []]);
  await writeFile(join(folder, 'json', 'red.json'), JSON.stringify({ ...dashboard, title: 'New' }));
  expect(await call('/api/dashboards/uid/red')).toMatchObject([
    200,
    { dashboard: { title: 'New' }, meta: { provisioned: true } },
  ]);
  expect(await call('/api/dashboards/uid/x')).toEqual([404, { message: 'Dashboard not found' }]);
});

describe('annotations', () => {
  test('are added, listed by time, tag and dashboard, changed and deleted', async () => {
    expect(
      await annotate({ text: 'broke', tags: ['break', 'api-1'], time: 1000, dashboardUID: 'red' }),
    ).toEqual([200, { id: 1, message: 'Annotation added' }]);
    await annotate({ text: 'load', tags: ['load'], time: 500, timeEnd: 5000 });
    const texts = async (query: string) =>
      ((await call(`/api/annotations?${query}`))[1] as { text: string }[]).map(({ text }) => text);
    expect(await texts('')).toEqual(['load', 'broke']);
    expect(await texts('limit=1')).toEqual(['load']);
    expect(await texts('from=1001&to=6000')).toEqual(['load']);
    expect(await texts('to=600')).toEqual(['load']);
    expect(await texts('from=900&to=1000')).toEqual(['load', 'broke']);
    expect(await texts('tags=break&tags=api-1')).toEqual(['broke']);
    expect(await texts('tags=break&tags=load')).toEqual([]);
    expect(await texts('tags=break&tags=load&matchAny=true')).toEqual(['load', 'broke']);
    expect(await texts('dashboardUID=red')).toEqual(['broke']);
    const patch = {
      method: 'PATCH',
      headers: admin,
      body: JSON.stringify({ timeEnd: 3000, tags: ['break', 'fixed'] }),
    };
    expect(await call('/api/annotations/1', patch)).toEqual([200, { message: 'Annotation patched' }]);
    expect(await call('/api/annotations/1')).toMatchObject([
      200,
      {
        text: 'broke',
        time: 1000,
        timeEnd: 3000,
        tags: ['break', 'fixed'],
        login: 'admin',
        dashboardUID: 'red',
      },
    ]);
    expect(await call('/api/annotations/1', { method: 'DELETE', headers: admin })).toEqual([
      200,
      { message: 'Annotation deleted' },
    ]);
    expect(await call('/api/annotations/1')).toEqual([404, { message: 'Annotation not found' }]);
    expect(await call('/api/annotations/tags')).toEqual([
      200,
      { result: { tags: [{ tag: 'load', count: 1 }] } },
    ]);
  });

  test('want the admin to be written, and a wrong password is refused even to read', async () => {
    expect(await annotate({ text: 'x' }, {})).toMatchObject([
      401,
      { message: 'Unauthorized', messageId: 'auth.unauthorized', statusCode: 401 },
    ]);
    const wrong = { authorization: `Basic ${Buffer.from('admin:no').toString('base64')}` };
    expect(await annotate({ text: 'x' }, wrong)).toMatchObject([
      401,
      { message: 'Invalid username or password', messageId: 'password-auth.failed' },
    ]);
    expect((await call('/api/annotations', { headers: wrong }))[0]).toBe(401);
    expect(await call('/api/annotations')).toEqual([200, []]);
  });

  test.each([
    [{}, 'Failed to save annotation', 'text field should not be empty'],
    [{ text: 'x', time: 5, timeEnd: 4 }, 'Failed to save annotation', 'timeEnd must not be before time'],
    [{ text: 'x', time: 'now' }, 'bad request data', 'time: Invalid input: expected number, received string'],
    [[], 'bad request data', ': Invalid input: expected object, received array'],
  ])('%j is refused', async (body, message, error) => {
    expect(await annotate(body)).toEqual([400, { message, error }]);
  });

  test('are bounded: the oldest go', () => {
    const store = new AnnotationStore(3);
    for (let time = 1; time <= 5; time += 1)
      store.add(
        { dashboardUID: '', panelId: 0, time, timeEnd: time, tags: [], text: `${time}`, data: {} },
        0,
      );
    expect(store.find({ tags: [], matchAny: false, limit: 10 }).map(({ text }) => text)).toEqual([
      '5',
      '4',
      '3',
    ]);
  });
});

describe('the data source proxy', () => {
  test('passes queries on and answers back, without the caller’s credentials', async () => {
    expect(
      await call('/api/datasources/proxy/uid/prometheus/api/v1/query?query=up%7Ba%3D%22b%22%7D', {
        headers: { ...admin, cookie: 'a=b' },
      }),
    ).toEqual([200, { status: 'success' }]);
    const form = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'query=up',
    };
    expect((await call('/api/datasources/proxy/uid/prometheus/api/v1/query_range', form))[0]).toBe(200);
    expect((await call('/api/datasources/proxy/uid/prometheus/api/v1/bad'))[0]).toBe(400);
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/prefix/api/v1/query?query=up%7Ba%3D%22b%22%7D', ''],
      ['POST', '/prefix/api/v1/query_range', 'query=up'],
      ['GET', '/prefix/api/v1/bad', ''],
    ]);
    expect(seen[0]!.headers).not.toHaveProperty('authorization');
    expect(seen[0]!.headers).not.toHaveProperty('cookie');
  });

  test('lets only the admin change something, keeps within the data source, and says when it is down', async () => {
    const post = { method: 'POST', body: '{}' };
    expect((await call('/api/datasources/proxy/uid/prometheus/-/reload', post))[0]).toBe(401);
    expect(
      (await call('/api/datasources/proxy/uid/prometheus/-/reload', { ...post, headers: admin }))[0],
    ).toBe(200);
    // Raw: fetch would fold the dots itself.
    const status = await new Promise((resolve) => {
      get(
        {
          host: grafana.host,
          port: grafana.port,
          path: '/api/datasources/proxy/uid/prometheus/%2e%2e/secret',
        },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
    });
    expect(status).toBe(400);
    expect(seen).toHaveLength(1);
    expect(await call('/api/datasources/proxy/uid/none/x')).toEqual([
      404,
      { message: 'Unable to find datasource' },
    ]);
    expect(await call('/api/datasources/proxy/uid/loki/x')).toMatchObject([
      502,
      { message: expect.stringContaining('cannot reach data source Loki') },
    ]);
  });
});

test('whoever may read may silence, and nothing else of Alertmanager, and no other site may', async () => {
  const proxy = '/api/datasources/proxy/uid/alertmanager';
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  expect((await call(`${proxy}/api/v2/silences`, post))[0]).toBe(200);
  expect((await call(`${proxy}/api/v2/silence/1-2`, { method: 'DELETE' }))[0]).toBe(200);
  expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'POST /am/api/v2/silences',
    'DELETE /am/api/v2/silence/1-2',
  ]);
  for (const [path, init] of [
    [`${proxy}/api/v2/alerts`, post],
    [`${proxy}/-/reload`, post],
    [`${proxy}/api/v2/silences`, { method: 'DELETE' }],
    ['/api/datasources/proxy/uid/prometheus/api/v2/silences', post],
  ] as const) {
    expect((await call(path, init))[0], path).toBe(401);
  }
  for (const origin of ['https://elsewhere.example', 'null']) {
    const answer = await fetch(`${grafana.url}${proxy}/api/v2/silences`, {
      ...post,
      headers: { ...post.headers, origin },
    });
    expect(answer.status, origin).toBe(403);
  }
  expect(seen).toHaveLength(2);
});

test('a panel of type alertlist names its Prometheus and the states that it asks for', async () => {
  const panels = [
    {
      title: 'Filtered',
      type: 'alertlist',
      options: { stateFilter: { normal: true, firing: false }, maxItems: 3 },
    },
    { title: 'Plain', type: 'alertlist' },
  ];
  await writeFile(
    join(folder, 'json', 'alerts.json'),
    JSON.stringify({ uid: 'alerts', title: 'Alerts', panels }),
  );
  const page = await (await fetch(`${grafana.url}/d/alerts`)).text();
  const view = JSON.parse(/id="data">([^<]*)</.exec(page)![1]!) as DashboardView;
  expect(view.panels.map(({ problem, alertList }) => problem ?? alertList)).toEqual([
    { prometheus: 'prometheus', states: ['inactive'], limit: 3 },
    { prometheus: 'prometheus', states: ['firing', 'pending'], limit: 20 },
  ]);
});

describe('following a log through the proxy', () => {
  let loki: WebSocketServer;
  beforeEach(async () => {
    // Stands for Loki's tail: it refuses what it cannot parse, and says what it was asked.
    loki = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      verifyClient: ({ req }, answer) => answer(req.url?.includes('bad') !== true, 400, 'parse error'),
    });
    await once(loki, 'listening');
    loki.on('connection', (client, { url, headers }) => {
      client.send(JSON.stringify({ url, headers }));
      client.on('message', (data) => client.send(String(data)));
    });
    const { port } = loki.address() as AddressInfo;
    await writeFile(
      join(folder, 'datasources', 'tail.yaml'),
      `datasources:
  - {name: Tail, uid: tail, type: loki, url: "http://127.0.0.1:${port}/prefix"}
`,
    );
    await grafana.close();
    grafana = await start('true');
  });
  afterEach(() => new Promise((resolve) => loki.close(resolve)));

  const connect = (path: string, headers = {}) => {
    const url = `${grafana.url.replace('http', 'ws')}/api/datasources/proxy/uid/${path}`;
    const socket = new WebSocket(url, { headers });
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    const opened = new Promise<string>((resolve) => {
      socket.on('open', () => resolve('open'));
      socket.on('error', (error) => resolve(error.message));
    });
    return { socket, messages, opened };
  };

  test('lines come and go both ways, without the caller’s credentials', async () => {
    const { socket, messages, opened } = connect('tail/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D', admin);
    expect(await opened).toBe('open');
    socket.send('hello');
    await expect.poll(() => messages.length).toBe(2);
    const asked = JSON.parse(messages[0]!) as { url: string; headers: IncomingMessage['headers'] };
    expect(asked.url).toBe('/prefix/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D');
    expect(asked.headers).not.toHaveProperty('authorization');
    expect(messages[1]).toBe('hello');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    for (const client of loki.clients) client.close(1000, 'the end');
    await closed;
  });

  test.each([
    ['tail/loki/api/v1/tail', { origin: 'https://elsewhere.example' }, 403],
    ['tail/loki/api/v1/push', {}, 404],
    ['prometheus/loki/api/v1/tail', {}, 404],
    ['tail/loki/api/v1/tail?query=bad', {}, 400],
    ['tail/loki/api/v1/tail', { authorization: 'Basic eDp5' }, 401],
    ['loki/loki/api/v1/tail', {}, 502],
  ])('%s with %o is refused: %i', async (path, headers, status) => {
    expect(await connect(path, headers).opened).toContain(String(status));
    expect(loki.clients.size).toBe(0);
  });
});

test('pages name what there is, and escape it', async () => {
  await annotate({ text: '<script>alert(1)</script>', time: 1 });
  const home = await (await fetch(`${grafana.url}/`)).text();
  expect(home).toContain('Service &#60;RED&#62;');
  expect(home).toContain('&#60;script&#62;alert(1)');
  expect(home).toContain('Prometheus');
  const page = await (await fetch(`${grafana.url}/d/red/service-red`)).text();
  expect(page).toContain('<code>rate(x[1m])</code> <a href="/explore?schemaVersion=1&#38;panes=');
  const explore = await (await fetch(`${grafana.url}/explore`)).text();
  expect(explore).toContain('"uid":"loki"');
  const alerts = await (await fetch(`${grafana.url}/alerting/list`)).text();
  expect(alerts).toContain(
    '{"rules":[{"prometheus":"prometheus","name":"Prometheus","alertmanager":"alertmanager"}],"managers":[{"uid":"alertmanager","name":"Alertmanager"}]}',
  );
});

test('no page has a script of its own, and the policy allows none', async () => {
  for (const path of ['/', '/explore', '/alerting/list', '/d/red']) {
    const response = await fetch(grafana.url + path);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    const scripts = [...(await response.text()).matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    for (const tag of scripts) expect(tag).toMatch(/ src="\/public\/|type="application\/json"/);
  }
});

test('what of a dashboard cannot be read is left out or said, and everything else is drawn', async () => {
  const target = { expr: 'up', legendFormat: 7, range: null };
  await writeFile(
    join(folder, 'json', 'odd.json'),
    JSON.stringify({
      uid: 'odd',
      title: 'Odd',
      templating: {
        list: [{ name: 'good', current: { value: 'x' } }, 'bad', { name: 'odd', allValue: null }],
      },
      panels: [
        {
          title: null,
          type: 'timeseries',
          targets: [target],
          fieldConfig: { defaults: { unit: 's', min: 'low' } },
        },
        { title: 'Elsewhere', type: 'stat', datasource: { uid: 'absent' }, targets: [target] },
        'no panel',
        { title: 'News', type: 'news', options: 5 },
        {
          title: 'Search',
          type: 'table',
          targets: ['x', { query: '', service: 'api', tags: [{ key: 'a' }] }],
        },
        {
          title: 'Closed',
          type: 'row',
          panels: [{ title: 'Inside $good', type: 'stat', targets: [target] }],
        },
      ],
    }),
  );
  const page = await (await fetch(`${grafana.url}/d/odd?var-odd=y`)).text();
  const view = JSON.parse(/id="data">(.*?)<\/script>/.exec(page)![1]!) as DashboardView;
  expect(
    view.panels.map(({ title, type, targets, problem }) => [title, type, targets.length, problem]),
  ).toEqual([
    ['', 'timeseries', 1, undefined],
    ['Elsewhere', 'stat', 0, 'There is no data source "absent".'],
    ['Panel', '', 0, 'This panel is not an object, so there is nothing to draw.'],
    ['News', 'news', 0, 'The embedded Grafana does not draw panels of type "news".'],
    ['Search', 'table', 1, undefined],
    ['Closed', 'row', 0, undefined],
    ['Inside x', 'stat', 1, undefined],
  ]);
  expect(view.panels[0]).toMatchObject({ unit: 's', targets: [{ query: 'up', legend: '' }] });
  expect(page).toContain('name="var-odd" value="y"');
});

test('a dashboard page runs its queries with the variables, the range and the scrape interval filled in', async () => {
  await writeFile(
    join(folder, 'json', 'one.json'),
    JSON.stringify({
      uid: 'one',
      title: 'One instance',
      description: 'One <process>',
      time: { from: 'now-15m', to: 'now' },
      links: [
        { title: 'Up', url: '/d/red' },
        { title: 'Away', url: 'javascript:alert(1)' },
      ],
      templating: { list: [{ name: 'instance', label: 'Instance', current: { value: 'api-1' } }] },
      panels: [
        {
          title: 'Rate of $instance',
          type: 'timeseries',
          datasource: { uid: 'prometheus' },
          targets: [{ expr: 'rate(x{instance="$instance"}[$__rate_interval])', range: true }],
        },
      ],
    }),
  );
  const pane = (page: string) => {
    const [, address = ''] = /href="(\/explore\?schemaVersion[^"]*)">run</.exec(page) ?? [];
    const url = new URL(address.replaceAll('&#38;', '&'), grafana.url);
    return JSON.parse(url.searchParams.get('panes') ?? '').a;
  };
  const page = await (await fetch(`${grafana.url}/d/one`)).text();
  expect(pane(page)).toEqual({
    datasource: 'prometheus',
    queries: [
      {
        refId: 'A',
        datasource: { type: 'prometheus', uid: 'prometheus' },
        expr: 'rate(x{instance="api-1"}[60s])',
        range: true,
      },
    ],
    range: { from: 'now-15m', to: 'now' },
  });
  expect(page).toContain('One &#60;process&#62;');
  expect(page).toContain('<a href="/d/red">Up</a>');
  expect(page).not.toContain('javascript:alert');

  const other = await (
    await fetch(`${grafana.url}/d/one?var-instance=api-2%22%3E&from=now-1d&to=now`)
  ).text();
  expect(pane(other)).toMatchObject({
    queries: [{ expr: 'rate(x{instance="api-2">"}[195s])' }],
    range: { from: 'now-1d', to: 'now' },
  });
  expect(other).toContain('Rate of api-2&#34;&#62;');
  expect(other).toContain('<a href="/d/red?var-instance=api-2%22%3E&#38;from=now-1d&#38;to=now">Up</a>');
});

test('without anonymous access everything but health and metrics wants the admin', async () => {
  await using closed = await start('false');
  for (const path of [
    '/api/datasources',
    '/api/search',
    '/api/annotations',
    '/api/datasources/proxy/uid/prometheus/x',
    '/',
    '/explore',
    '/alerting/list',
  ]) {
    expect((await fetch(closed.url + path)).status, path).toBe(401);
  }
  expect((await call('/api/datasources', { headers: admin }, closed))[0]).toBe(200);
  expect(await (await fetch(`${closed.url}/metrics`)).text()).toContain(
    'grafana_build_info{version="13.2.1-embedded"',
  );
});

test('settings that are wrong are named without their value', () => {
  expect(() => readSettings({})).toThrow('GF_PATHS_PROVISIONING: is required');
  expect(() => readSettings({ GF_PATHS_PROVISIONING: 'x' })).toThrow(
    'GF_SECURITY_ADMIN_PASSWORD: is required',
  );
  expect(() =>
    readSettings({
      GF_PATHS_PROVISIONING: 'x',
      GF_SECURITY_ADMIN_PASSWORD: 'y',
      GF_SERVER_HTTP_PORT: '99999',
    }),
  ).toThrow(/^GF_SERVER_HTTP_PORT: /);
});
