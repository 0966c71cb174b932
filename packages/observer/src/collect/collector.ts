/** Makes the documents of the pages from the live program. */
import { statistics } from '@linnet/otp';
import type { Documents, PageName, SystemFigures } from '../protocol/documents.ts';
import type { Query } from '../protocol/query.ts';
import type { ResolvedOptions } from '../options.ts';
import { CrashLog } from './crash-log.ts';
import { TreeSource } from './live-tree.ts';
import { LoopMonitor } from './loop-monitor.ts';
import { Pids } from './pids.ts';
import { instanceFigures, poolsPage } from './pools-page.ts';
import { processPage } from './process-page.ts';
import { processTable } from './process-table.ts';
import { program } from './program.ts';
import { Recorder } from './recorder.ts';
import { registryPage } from './registry-page.ts';
import { RequestLog } from './request-log.ts';
import { Tracer } from './tracer.ts';
import { treePage } from './tree-page.ts';

/** Requests of each list that are shown. */
const mostRequests = 50;

export class Collector {
  readonly recorder: Recorder;
  readonly tracer: Tracer;
  readonly tree = new TreeSource();
  readonly #options: ResolvedOptions;
  readonly #crashes: CrashLog;
  readonly #requests: RequestLog;
  readonly #loop = new LoopMonitor();
  readonly #node: string;
  readonly #startedAt = Math.round(Date.now() - performance.now());

  /** Begins to listen to crashes. */
  constructor(options: ResolvedOptions, node: string) {
    this.#options = options;
    this.#node = node;
    this.#crashes = new CrashLog(options);
    this.#requests = new RequestLog(options);
    this.recorder = new Recorder(this.#requests, this.#loop);
    this.tracer = new Tracer(options.reveal);
    this.#crashes.start();
  }

  /** Ends everything that it listens to. */
  stop(): void {
    this.#crashes.stop();
    this.recorder.stop();
    this.tracer.stopAll();
  }

  /** The document of a page at this moment. */
  collect(page: PageName, query: Query): Documents[PageName] {
    this.recorder.rotate();
    const system = this.#system();
    switch (page) {
      case 'overview':
        return { system, ...program(), instances: instanceFigures() };
      case 'tree':
        return { system, ...treePage(this.tree.get(), query) };
      case 'processes':
        return { system, ...processTable(this.tree.get(), new Pids(), query) };
      case 'process':
        return { system, ...this.#process(query.pid) };
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
        return { system, ...registryPage(query.registry) };
    }
  }

  #system(): SystemFigures {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const requests = this.#requests.figures;
    return {
      at: Date.now(),
      node: this.#node,
      startedAt: this.#startedAt,
      ...statistics(),
      memory: { rss, heapUsed, heapTotal, external },
      loop: this.#loop.figures,
      ...(requests === undefined ? undefined : { requests }),
      ...this.#crashes.counts,
    };
  }

  #process(asked: string) {
    const { reveal } = this.#options;
    const pid = new Pids().get(asked);
    const trace = pid === undefined ? undefined : this.tracer.lines(pid);
    return processPage(this.tree.get(), asked, pid, { reveal, trace });
  }

  #requestLists() {
    const recent = this.#requests.recent(mostRequests);
    const slowest = this.#requests.slowest(mostRequests);
    return {
      rows: Object.fromEntries([...recent, ...slowest]),
      recent: recent.map(([id]) => id),
      slowest: slowest.map(([id]) => id),
    };
  }
}
