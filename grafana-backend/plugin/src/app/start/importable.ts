/** A dashboard that a plugin brings along, as `GET /api/plugins/<id>/dashboards` lists it. */
interface PluginDashboard {
  pluginId: string;
  path: string;
  removed?: boolean;
}

/** The body of `POST /api/dashboards/import`, as the Dashboards tab sends it. */
interface Import {
  pluginId: string;
  path: string;
  overwrite: boolean;
  inputs: [];
}

export const OVERVIEW = '/d/footfall-overview';

/** What to import: everything but what a newer version of the plugin no longer has. */
export const importable = (listed: PluginDashboard[]): Import[] =>
  listed
    .filter(({ removed, path }) => !removed && path)
    .map(({ pluginId, path }) => ({ pluginId, path, overwrite: true, inputs: [] }));
