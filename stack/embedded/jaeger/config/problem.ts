/** A configuration that cannot be run: one line that names the place and the remedy. */
export class ConfigProblem extends Error {
  override readonly name = 'ConfigProblem';
}
