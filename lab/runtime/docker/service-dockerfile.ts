import { imageLabel, stageImage } from './labels.ts';

/**
 * The image of the gateway, the API replicas and the inbox. Everything it runs is already built on the host, so it
 * needs no network: the first stage proves that the bundles parse under the image's own Node, the second keeps them.
 */
export const serviceDockerfile = `ARG NODE_IMAGE
FROM \${NODE_IMAGE} AS check
LABEL ${imageLabel}=${stageImage}
COPY app /app
RUN for bundle in /app/*.cjs; do node --check "$bundle" || exit 1; done

FROM \${NODE_IMAGE}
ENV NODE_ENV=production
COPY --from=check /app /app
WORKDIR /app
USER node
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \\
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
`;
