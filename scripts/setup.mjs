// Makes a fresh clone ready: checks Node, installs packages when they are missing or old, builds what changed.
// Plain JavaScript in the oldest syntax that still parses, so that an old Node prints the remedy and no stack.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const parts = process.versions.node.split('.').map(Number);

function fail(line) {
  process.stderr.write(line + '\n');
  process.exit(2);
}

if (parts[0] < 20 || (parts[0] === 20 && parts[1] < 19)) {
  fail(
    'LAB_NODE_TOO_OLD: Node ' +
      process.versions.node +
      ' is too old, 20.19 or newer is needed. Install a current one (https://nodejs.org) and run the command again.',
  );
}

const installed = join(root, 'node_modules', '.package-lock.json');
const lock = join(root, 'package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  process.stderr.write('Installing packages (once, half a minute or so) ...\n');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0)
    fail(
      'LAB_INSTALL_FAILED: npm ci ended with code ' +
        result.status +
        '. Look at its message above, then run the command again.',
    );
}

const { build } = await import('./build.mjs');
const { linkPostgresLibraries } = await import('./postgres-libraries.mjs');
try {
  linkPostgresLibraries(root);
  if (await build()) process.stderr.write('Built.\n');
} catch (error) {
  // An edited clone that belongs to somebody else: the sources are not what is wrong.
  if (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS') {
    fail(
      'LAB_NOT_WRITABLE: ' +
        (error.path || join(root, 'dist')) +
        ' cannot be written (' +
        error.code +
        '), and the lab has to write there. Give yourself write access, or choose another place.',
    );
  }
  fail('LAB_BUILD_FAILED: ' + error.message);
}
