import type Docker from 'dockerode';
import { ComponentFailed } from '../../errors.ts';
import { demultiplex } from './container-logs.ts';

/** Runs a command in a container through the engine's API. `LAB_COMPONENT_FAILED` with its output when it fails. */
export async function runInContainer(
  container: Docker.Container,
  command: readonly string[],
  options: { readonly user?: string } = {},
): Promise<string> {
  const execution = await container.exec({
    Cmd: [...command],
    AttachStdout: true,
    AttachStderr: true,
    User: options.user,
  });
  const stream = await execution.start({ hijack: true, stdin: false });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const output = demultiplex(Buffer.concat(chunks)).trim();
  const { ExitCode: exitCode } = await execution.inspect();
  if (exitCode !== 0) {
    const { Name: name } = await container.inspect();
    throw new ComponentFailed(
      name.replace(/^\//, ''),
      `could not run ${command[0]} (exit code ${exitCode})`,
      output,
    );
  }
  return output;
}
