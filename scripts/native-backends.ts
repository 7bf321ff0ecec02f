/**
 * Fetches the real Prometheus and Alertmanager, with promtool and amtool, from Debian's newest suite and lays their
 * binaries into a folder: `npm run native-backends -- [folder]`. Nothing else is installed but Alertmanager's default
 * templates, which Debian's build reads from a fixed place.
 *
 * The mirror is the one that this machine's apt already uses, or `LAB_DEBIAN_MIRROR`.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { $ } from 'zx';

const packages = ['prometheus', 'promtool', 'prometheus-alertmanager'];
/** Debian's Alertmanager reads its default templates from here instead of carrying them inside. */
const templateFolder = '/usr/share/prometheus/alertmanager';
const templates = ['default.tmpl', 'email.tmpl'];
const binaries = ['prometheus', 'promtool', 'prometheus-alertmanager', 'amtool'];

/** The archive that apt on this machine reads the distribution itself from. */
export async function debianMirror(): Promise<string> {
  const configured = process.env.LAB_DEBIAN_MIRROR;
  if (configured !== undefined && configured !== '') return configured;
  const { stdout } =
    await $`apt-get indextargets --format ${'$(REPO_URI) $(ORIGIN)'} ${'Identifier: Packages'}`.quiet();
  const line = stdout.split('\n').find((entry) => / Debian$/.test(entry) && !/security/.test(entry));
  const mirror = line?.split(' ')[0];
  if (mirror === undefined) {
    throw new Error('No Debian mirror in the apt sources of this machine. Name one in LAB_DEBIAN_MIRROR.');
  }
  return mirror.replace(/\/$/, '');
}

/** Downloads the packages and copies their binaries to `folder`. */
export async function fetchNativeBackends(folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'lab-native-'));
  try {
    await $`chmod 755 ${work} && mkdir -p ${work}/etc ${work}/lists/partial ${work}/cache/archives/partial`;
    const source = `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${await debianMirror()} sid main\n`;
    await $({ input: source })`cat > ${work}/etc/sources.list`;
    const apt = [
      `Dir::Etc::sourcelist=${work}/etc/sources.list`,
      'Dir::Etc::sourceparts=-',
      `Dir::State::lists=${work}/lists`,
      `Dir::Cache=${work}/cache`,
      // A mirror may be a snapshot that is older than its own expiry date; signatures are still checked.
      'Acquire::Check-Valid-Until=false',
    ].flatMap((option) => ['-o', option]);
    await $`apt-get ${apt} update -qq`.quiet();
    await $({ cwd: work })`apt-get ${apt} download -qq ${packages}`.quiet();
    await $({ cwd: work })`for package in *.deb; do dpkg -x "$package" root; done`;
    await mkdir(folder, { recursive: true });
    for (const binary of binaries) await $`install -m 755 ${work}/root/usr/bin/${binary} ${folder}/${binary}`;
    for (const template of templates) {
      await $`install -m 644 ${work}/root${templateFolder}/${template} ${folder}/${template}`;
    }
    // The official images and the documentation call it so.
    await $`ln -sf prometheus-alertmanager ${folder}/alertmanager`;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const folder = resolve(process.argv[2] ?? '.lab/native/bin');
  await fetchNativeBackends(folder);
  for (const template of templates) {
    const target = `${templateFolder}/${template}`;
    if (process.getuid?.() === 0) await $`install -D -m 644 ${folder}/${template} ${target}`;
    else if (!existsSync(target)) console.log(`sudo install -D -m 644 ${folder}/${template} ${target}`);
  }
  for (const binary of binaries) {
    const { stdout, stderr } = await $`${folder}/${binary} --version`.quiet();
    console.log((stdout + stderr).split('\n')[0]);
  }
  console.log(`export PATH=${folder}:$PATH`);
}
