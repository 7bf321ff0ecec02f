/**
 * Builds stand-ins for the official images from what a Debian mirror and npm offer, for a machine that reaches no
 * image registry: a classroom, a train, CI. `npm run offline-images` prints the variables that make the docker
 * runtime use them, and writes them to `.lab/offline-images.env`.
 *
 * Prometheus, Alertmanager and PostgreSQL are the real ones (Debian's packages); Loki, Jaeger and Grafana are the
 * embedded servers in a Node image. Every stand-in has the official image's entry point, user and paths, so that the
 * runtime treats both alike.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { $ } from 'zx';
import { debianMirror, fetchNativeBackends } from './native-backends.ts';

const root = dirname(import.meta.dirname);
const nodeMajor = 24;
const suite = 'trixie';
const repository = 'break-and-observe/offline';
const platform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64';

interface StandIn {
  /** The variable that makes the docker runtime use it. */
  readonly variable: string;
  readonly name: string;
  readonly dockerfile: string;
  /** Files of the repository that the build copies in. */
  readonly files: readonly string[];
}

const embedded = (name: string, entryPoint: string, uid: number, extra = ''): StandIn => ({
  variable: `LAB_IMAGE_${name.toUpperCase()}`,
  name,
  files: [`dist/${name}.cjs`],
  dockerfile: `
FROM ${repository}-node
RUN mkdir -p ${dirname(entryPoint)} && printf '#!/bin/sh\\nexec node /opt/${name}.cjs "$@"\\n' >${entryPoint} && chmod 755 ${entryPoint}
COPY dist/${name}.cjs /opt/${name}.cjs
${extra}
USER ${uid}
ENTRYPOINT ["${entryPoint}"]
`,
});

const standIns: readonly StandIn[] = [
  {
    variable: 'LAB_IMAGE_NODE',
    name: 'node',
    files: ['native/node'],
    dockerfile: `
FROM ${repository}-base
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node
COPY native/node /usr/local/bin/node
CMD ["node"]
`,
  },
  {
    variable: 'LAB_IMAGE_PROMETHEUS',
    name: 'prometheus',
    files: ['native/prometheus', 'native/promtool'],
    dockerfile: `
FROM ${repository}-base
COPY native/prometheus native/promtool /bin/
RUN mkdir -p /prometheus /etc/prometheus && chown nobody:nogroup /prometheus
USER nobody
WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
`,
  },
  {
    variable: 'LAB_IMAGE_ALERTMANAGER',
    name: 'alertmanager',
    files: ['native/prometheus-alertmanager', 'native/amtool', 'native/default.tmpl', 'native/email.tmpl'],
    dockerfile: `
FROM ${repository}-base
COPY native/prometheus-alertmanager /bin/alertmanager
COPY native/amtool /bin/amtool
COPY native/default.tmpl native/email.tmpl /usr/share/prometheus/alertmanager/
RUN mkdir -p /alertmanager /etc/alertmanager && chown nobody:nogroup /alertmanager
USER nobody
WORKDIR /alertmanager
ENTRYPOINT ["/bin/alertmanager"]
CMD ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]
`,
  },
  {
    variable: 'LAB_IMAGE_POSTGRES',
    name: 'postgres',
    files: ['scripts/offline-images/postgres-entrypoint.sh'],
    dockerfile: `
FROM ${repository}-base
RUN sed -i 's/${suite}/sid/' /etc/apt/sources.list \\
 && apt-get -o Acquire::Check-Valid-Until=false update -qq \\
 && apt-get install -y -qq --no-install-recommends postgresql-18 >/dev/null \\
 && rm -rf /var/lib/apt/lists/* /var/lib/postgresql /etc/postgresql/18 \\
 && install --directory --owner postgres --group postgres --mode 1777 /var/lib/postgresql
COPY scripts/offline-images/postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN chmod 755 /usr/local/bin/docker-entrypoint.sh && mkdir -p /docker-entrypoint-initdb.d
ENV PATH=/usr/lib/postgresql/18/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
`,
  },
  embedded('loki', '/usr/bin/loki', 10001, 'RUN mkdir -p /loki && chown 10001 /loki'),
  embedded('jaeger', '/cmd/jaeger/jaeger-linux', 10001),
  embedded(
    'grafana',
    '/run.sh',
    472,
    'RUN mkdir -p /var/lib/grafana /etc/grafana && chown 472 /var/lib/grafana',
  ),
];

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function imageExists(tag: string): Promise<boolean> {
  return (await $({ nothrow: true, quiet: true })`docker image inspect ${tag}`).exitCode === 0;
}

/** Debian's minimal system as an image, made once. */
async function buildBase(work: string): Promise<void> {
  if (await imageExists(`${repository}-base`)) return;
  log(`Base image: debootstrap ${suite} ...`);
  await $({
    quiet: true,
  })`debootstrap --variant=minbase --include=ca-certificates ${suite} ${work}/base ${await debianMirror()}`;
  await $({ quiet: true })`tar -C ${work}/base -c . | docker import - ${repository}-base`;
}

/** The Node binary that npm carries: the same major version as the official image of the services. */
async function fetchNode(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const name = `node-${platform}`;
  await $({ cwd: folder, quiet: true })`npm pack --silent ${name}@${nodeMajor}`;
  await $({
    cwd: folder,
    quiet: true,
  })`tar -xzf ${name}-*.tgz --strip-components=2 package/bin/node && rm ${name}-*.tgz`;
}

/** Builds `standIn` unless an image of exactly these inputs exists. Returns its tag. */
async function buildStandIn(standIn: StandIn, work: string): Promise<string> {
  const context = join(work, `context-${standIn.name}`);
  const hash = createHash('sha256').update(standIn.dockerfile);
  for (const file of standIn.files) {
    const source = file.startsWith('native/') ? join(work, file) : join(root, file);
    await mkdir(dirname(join(context, file)), { recursive: true });
    await cp(source, join(context, file));
    hash.update(await readFile(source));
  }
  const tag = `${repository}-${standIn.name}:${hash.digest('hex').slice(0, 12)}`;
  if (!(await imageExists(tag))) {
    log(`Image ${standIn.name} ...`);
    const label = 'dev.break-and-observe.offline=1';
    await writeFile(join(context, 'Dockerfile'), standIn.dockerfile);
    const latest = `${repository}-${standIn.name}`;
    await $({
      quiet: true,
    })`docker build --quiet --network host --label ${label} --tag ${tag} --tag ${latest} ${context}`;
  }
  return tag;
}

const work = await mkdtemp(join(tmpdir(), 'lab-offline-'));
try {
  await $({ cwd: root, quiet: true })`node scripts/build.mjs`;
  await buildBase(work);
  log('Real Prometheus and Alertmanager from Debian, Node from npm ...');
  await fetchNativeBackends(join(work, 'native'));
  await fetchNode(join(work, 'native'));
  const variables: string[] = [];
  for (const standIn of standIns) variables.push(`${standIn.variable}=${await buildStandIn(standIn, work)}`);
  await mkdir(join(root, '.lab'), { recursive: true });
  await writeFile(join(root, '.lab', 'offline-images.env'), `${variables.join('\n')}\n`);
  for (const variable of variables) console.log(`export ${variable}`);
  log('Written to .lab/offline-images.env; to use them: set -a; . .lab/offline-images.env; set +a');
} finally {
  await rm(work, { recursive: true, force: true });
}
