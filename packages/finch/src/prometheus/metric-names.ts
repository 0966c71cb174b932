/** The metrics, by their names without the prefix, with what they tell: the one place that names them. */
export const metricHelp = {
  request_duration_seconds: 'Duration of requests, from their start to the end of the response.',
  requests_active: 'Requests that are under way.',
  request_errors_total: 'Requests that failed, by the code of the error.',
  request_retries_total:
    'Requests that were sent again, since the server cannot have processed them.',
  response_body_bytes_total: 'Bytes of the bodies of responses, as they were sent.',
  pool_wait_seconds: 'Time that requests waited for a connection, opening one included.',
  pool_timeouts_total: 'Requests that waited for a connection as long as poolTimeout.',
  pool_rejections_total: 'Requests that were refused, since the queue was full.',
  pool_queued: 'Requests that wait for a connection.',
  pool_connections: 'Connections by state: in_use, idle, connecting.',
  pool_connections_max: 'How many connections may be open.',
  connect_duration_seconds: 'Time that it took to open a connection.',
  connect_errors_total: 'Connections that could not be opened, by the code of the error.',
  connections_closed_total: 'Connections that ended, by reason.',
} as const;

export type MetricName = keyof typeof metricHelp;
