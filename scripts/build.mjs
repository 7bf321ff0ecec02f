// Bundles every process of the lab once, so that no process compiles TypeScript when it starts.
// Plain JavaScript, because it runs before anything is compiled.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'dist', '.stamp');
const sources = ['lab', 'exercises', 'services', 'stack', 'scripts', 'package-lock.json', 'package.json'];

/** One hash over path, size and modification time of every source: cheap enough to ask at each start. */
function stamp() {
  const hash = createHash('sha256');
  const visit = (path) => {
    const info = statSync(join(root, path), { throwIfNoEntry: false });
    if (info === undefined) return;
    if (info.isDirectory())
      for (const entry of readdirSync(join(root, path)).sort()) visit(join(path, entry));
    else if (/\.(ts|mjs|json|proto|css)$/.test(path) && !path.endsWith('.test.ts')) {
      hash.update(`${path}\0${info.size}\0${info.mtimeMs}\n`);
    }
  };
  for (const source of sources) visit(source);
  return hash.digest('hex');
}

/** Builds `dist/` when a source is newer than the last build. Returns whether it built. */
export async function build({ force = false } = {}) {
  const wanted = stamp();
  if (!force && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return false;
  const esbuild = await import('esbuild');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const has = (path) => existsSync(join(root, path));
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    logLevel: 'warning',
  };

  const exercises = readdirSync(join(root, 'exercises'))
    .map((id) => ({ in: `exercises/${id}/exercise.ts`, out: `exercises/${id}/exercise` }))
    .filter((entry) => has(entry.in));
  const servers = ['prometheus', 'alertmanager', 'loki', 'jaeger', 'grafana']
    .map((name) => ({ in: `stack/embedded/${name}/main.ts`, out: name }))
    .filter((entry) => has(entry.in));
  const services = ['gateway', 'api', 'inbox']
    .map((name) => ({ in: `services/${name}/main.ts`, out: name }))
    .filter((entry) => has(entry.in));

  await Promise.all([
    // The program itself: ES modules with shared chunks, packages left where npm put them.
    esbuild.build({
      ...common,
      entryPoints: [{ in: 'lab/start.ts', out: 'lab/main' }, ...exercises],
      outdir: 'dist',
      format: 'esm',
      splitting: true,
      packages: 'external',
    }),
    // The embedded backends: one file each, nothing to resolve at start.
    servers.length > 0 &&
      esbuild.build({
        ...common,
        entryPoints: servers,
        outdir: 'dist',
        outExtension: { '.js': '.cjs' },
        format: 'cjs',
        external: ['bufferutil', 'utf-8-validate'],
      }),
    // The pages of the embedded Grafana: for browsers of the last three years, shared parts once.
    esbuild.build({
      ...common,
      entryPoints: ['alerts.ts', 'dashboard.ts', 'explore.ts', 'page.css'].map(
        (name) => `stack/embedded/grafana/web/${name}`,
      ),
      outdir: 'dist/web',
      platform: 'browser',
      target: ['chrome115', 'firefox115', 'safari17'],
      format: 'esm',
      splitting: true,
      minify: true,
    }),
    // The services: CommonJS, and the instrumented packages stay `require`d, because OpenTelemetry patches them there.
    services.length > 0 &&
      esbuild.build({
        ...common,
        entryPoints: services,
        outdir: 'dist',
        outExtension: { '.js': '.cjs' },
        format: 'cjs',
        // Node keeps each module's source in memory: 15 MB less a process. Names stay, for stacks and span names.
        minifyWhitespace: true,
        minifySyntax: true,
        external: ['express', 'pg', 'pg-native'],
      }),
  ]);
  writeFileSync(stampFile, wanted);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await build({ force: process.argv.includes('--force') });
