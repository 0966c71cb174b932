/** Makes the documents of the pages from the live program. */
import { statistics } from '@linnet/otp';
import { thisNode } from '@linnet/otp/distribution';
import { ClusterSource } from './cluster/cluster-page.ts';
import type { Documents, PageName, SystemFigures } from '../protocol/documents.ts';
import type { Query } from '../protocol/query.ts';
import type { ResolvedOptions } from '../options.ts';
import { CrashLog } from './crash-log.ts';
import { TreeSource } from './live-tree.ts';
import { LoopMonitor } from './loop-monitor.ts';
import { pidOf } from './pids.ts';
import { instanceFigures, poolsPage } from './pools-page.ts';
import { processPage } from './process-page.ts';
import { processTable } from './process-table.ts';
import { program } from './program.ts';
import { Recorder } from './recorder.ts';
import { registryPage } from './registry-page.ts';
import type { RequestEntry } from './request-entry.ts';
import { RequestLog } from './request-log.ts';
import { requestRow } from './request-rows.ts';
import { Tracer } from './tracer.ts';
import { treePage } from './tree-page.ts';

/** Pages that show requests: to record them costs some time of each, so that others do without. */
const showRequests: ReadonlySet<PageName> = new Set(['overview', 'pools', 'requests']);

/** Requests of each list that are shown. */
const mostRequests = 50;

export class Collector {
  readonly tracer: Tracer;
  readonly tree = new TreeSource();
  readonly #options: ResolvedOptions;
  readonly #crashes: CrashLog;
  readonly #requests: RequestLog;
  readonly #loop = new LoopMonitor();
  readonly #recorders: { readonly loop: Recorder; readonly requests: Recorder };
  readonly #cluster = new ClusterSource();
  readonly #startedAt = Math.round(Date.now() - performance.now());

  /** Begins to listen to crashes, and to nodes that come and go. */
  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#crashes = new CrashLog(options);
    this.#requests = new RequestLog(options);
    this.#recorders = { loop: new Recorder(this.#loop), requests: new Recorder(this.#requests) };
    this.tracer = new Tracer(options.reveal);
    this.#crashes.start();
    this.#cluster.watch.start();
  }

  /** Ends everything that it listens to. */
  stop(): void {
    this.#crashes.stop();
    this.#cluster.watch.stop();
    this.#recorders.loop.stop();
    this.#recorders.requests.stop();
    this.tracer.stopAll();
  }

  /** A viewer looks at a page; the function that is returned is called once when it leaves. */
  enter(page: PageName): () => void {
    const leaveLoop = this.#recorders.loop.enter();
    if (!showRequests.has(page)) return leaveLoop;
    const leaveRequests = this.#recorders.requests.enter();
    return () => {
      leaveLoop();
      leaveRequests();
    };
  }

  /** The document of a page at this moment. */
  async collect(page: PageName, query: Query): Promise<Documents[PageName]> {
    this.#recorders.loop.rotate();
    this.#recorders.requests.rotate();
    const system = this.system();
    switch (page) {
      case 'overview':
        return { system, ...program(), instances: instanceFigures() };
      case 'tree':
        return { system, ...(await treePage(await this.tree.get(), query)) };
      case 'processes':
        return { system, ...(await processTable(await this.tree.get(), query)) };
      case 'process':
        return { system, ...(await this.#process(query.pid)) };
      case 'pools':
        return { system, ...poolsPage(this.#requests, system.at, query.pool) };
      case 'requests':
        return { system, ...this.#requestLists() };
      case 'crashes': {
        const rows = this.#crashes.rows();
        const { dropped } = this.#crashes;
        return {
          system,
          crashes: Object.fromEntries(rows),
          order: rows.map(([id]) => id),
          dropped,
        };
      }
      case 'registry':
        return { system, ...(await registryPage(query.registry)) };
      case 'cluster':
        return { system, ...(await this.#cluster.page(system)) };
    }
  }

  /** The figures of the program as a whole. */
  system(): SystemFigures {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const requests = this.#requests.figures;
    return {
      at: Date.now(),
      node: thisNode().name,
      startedAt: this.#startedAt,
      ...statistics(),
      memory: { rss, heapUsed, heapTotal, external },
      loop: this.#loop.figures,
      ...(requests === undefined ? undefined : { requests }),
      ...this.#crashes.counts,
    };
  }

  async #process(asked: string) {
    const { reveal } = this.#options;
    const tree = await this.tree.get();
    const pid = pidOf(asked);
    const trace = pid === undefined ? undefined : this.tracer.lines(pid);
    return processPage(tree, asked, pid, { reveal, trace });
  }

  #requestLists() {
    const show = (entry: RequestEntry) => requestRow(entry, this.#options);
    const recent = this.#requests.recent(mostRequests).map(show);
    const slowest = this.#requests.slowest(mostRequests).map(show);
    return {
      rows: Object.fromEntries([...recent, ...slowest]),
      recent: recent.map(([id]) => id),
      slowest: slowest.map(([id]) => id),
    };
  }
}
