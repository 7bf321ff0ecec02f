import Docker from 'dockerode';

/** Everything the engine holds, as sorted names: what a test compares before and after. */
export async function engineSnapshot(): Promise<Record<string, string[]>> {
  const docker = new Docker();
  const [containers, networks, volumes, images] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
    docker.listImages({ all: true }),
  ]);
  return {
    containers: containers.map(({ Names: names }) => names.join()).sort(),
    networks: networks.map(({ Name: name }) => name).sort(),
    volumes: volumes.Volumes.map(({ Name: name }) => name).sort(),
    images: images.map(({ Id: id, RepoTags: tags }) => `${id} ${tags?.join() ?? ''}`).sort(),
  };
}

/** Why no Docker test can run here, or undefined. With `LAB_REQUIRE_DOCKER=1` the absence is an error instead. */
export async function dockerMissing(): Promise<string | undefined> {
  try {
    await new Docker().ping();
    return undefined;
  } catch (error) {
    if (process.env.LAB_REQUIRE_DOCKER === '1') throw error;
    return `no Docker engine answers (${(error as Error).message})`;
  }
}
