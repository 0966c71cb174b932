/** Several subscriptions that end together. */
import { subscribeTelemetry, type TelemetrySubscription } from '../telemetry/subscribe.ts';
import type { TelemetryEventName, TelemetryEvents } from '../telemetry/events.ts';
import type { WatchedInstances } from './watched-instances.ts';

/** Subscribes to events of certain instances. */
export class Subscriptions {
  private readonly instances: WatchedInstances;
  private readonly failed: ((error: unknown) => void) | undefined;
  private readonly ends: TelemetrySubscription[] = [];

  /** `failed` is told what a handler throws; without it that is an `uncaughtException`. */
  constructor(instances: WatchedInstances, failed?: (error: unknown) => void) {
    this.instances = instances;
    this.failed = failed;
  }

  on<N extends TelemetryEventName>(name: N, handler: (event: TelemetryEvents[N]) => void): void {
    const { instances, failed } = this;
    this.ends.push(
      subscribeTelemetry(name, (event) => {
        if (!instances.includes(event.name)) return;
        try {
          handler(event);
        } catch (error) {
          if (failed === undefined) throw error;
          failed(error);
        }
      }),
    );
  }

  end(): void {
    for (const end of this.ends.splice(0)) end();
  }
}
