/** The metrics, by what they are called: the one place that names them. */

/** Of the conventions for HTTP clients. Stable is the first one only. */
export const httpMetrics = {
  requestDuration: 'http.client.request.duration',
  activeRequests: 'http.client.active_requests',
  requestBodySize: 'http.client.request.body.size',
  responseBodySize: 'http.client.response.body.size',
  openConnections: 'http.client.open_connections',
  connectionDuration: 'http.client.connection.duration',
} as const;

/**
 * Of pools, for which there are no conventions: as `db.client.connection.*` of the conventions for
 * databases, under a prefix of our own.
 */
export const poolMetrics = {
  max: 'finch.pool.connection.max',
  count: 'finch.pool.connection.count',
  pendingRequests: 'finch.pool.pending_requests',
  waitTime: 'finch.pool.wait_time',
  createTime: 'finch.pool.connection.create_time',
  timeouts: 'finch.pool.timeouts',
  rejections: 'finch.pool.rejections',
  connectErrors: 'finch.pool.connection.errors',
  retries: 'finch.request.retries',
} as const;

/** Buckets in seconds: those of the conventions for requests, and for the life of connections. */
export const requestBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
export const connectionBuckets = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
