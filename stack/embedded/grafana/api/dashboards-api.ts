import { type Response, Router } from 'express';
import type { Dashboard } from '../provisioning/dashboards.ts';
import type { Authentication } from './authentication.ts';

/** `/api/search` and `/api/dashboards/uid/<uid>` over what is provisioned. Mounted at `/api`. */
export function createDashboardsApi(
  read: () => Promise<Dashboard[]>,
  authentication: Authentication,
): Router {
  const router = Router();

  router.get('/search', authentication.read, async (request, response: Response) => {
    const { searchParams } = new URL(request.originalUrl, 'http://grafana.invalid');
    const text = (searchParams.get('query') ?? '').toLowerCase();
    const tags = searchParams.getAll('tag');
    const uids = searchParams.getAll('dashboardUIDs');
    const limit = Number(searchParams.get('limit') ?? 1000) || 1000;
    if ((searchParams.get('type') ?? 'dash-db') !== 'dash-db') {
      response.json([]);
      return;
    }
    const found = (await read())
      .filter((dashboard) => dashboard.title.toLowerCase().includes(text))
      .filter((dashboard) => tags.every((tag) => dashboard.tags.includes(tag)))
      .filter((dashboard) => uids.length === 0 || uids.includes(dashboard.uid))
      .sort((a, b) => a.title.localeCompare(b.title))
      .slice(0, limit);
    response.json(
      found.map((dashboard) => ({
        id: dashboard.id,
        uid: dashboard.uid,
        orgId: 1,
        title: dashboard.title,
        uri: `db/${dashboard.slug}`,
        url: `/d/${dashboard.uid}/${dashboard.slug}`,
        slug: '',
        type: 'dash-db',
        tags: dashboard.tags,
        isStarred: false,
        folderTitle: dashboard.folder,
        sortMeta: 0,
        isDeleted: false,
      })),
    );
  });

  router.get('/dashboards/uid/:uid', authentication.read, async (request, response: Response) => {
    const dashboard = (await read()).find(({ uid }) => uid === request.params.uid);
    if (dashboard === undefined) {
      response.status(404).json({ message: 'Dashboard not found' });
      return;
    }
    response.json({
      meta: {
        type: 'db',
        canSave: false,
        canEdit: false,
        canAdmin: false,
        canStar: false,
        canDelete: false,
        slug: dashboard.slug,
        url: `/d/${dashboard.uid}/${dashboard.slug}`,
        version: 1,
        hasAcl: false,
        isFolder: false,
        folderTitle: dashboard.folder,
        provisioned: true,
      },
      dashboard: { ...dashboard.model, id: dashboard.id, uid: dashboard.uid },
    });
  });
  return router;
}
